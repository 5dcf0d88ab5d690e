"""What a run found, kept for the next one. A result stands as long as everything it was drawn from does.

An entry names the folders that were listed, the files that were read and where links led, each with a hash of
what was there; so also what was looked for and was absent. A run with the same options, of the same cflint,
on the same day, gives the same report if all of that still holds. An entry is JSON; nothing in it is believed
that does not fit, and whatever goes wrong (no folder, a full disk, a damaged file) is as if there were no
entry.

Secrets are not written down: what a mask would star out is kept as a place in the file that it stands in.

`observed` compares what was read with what is there, `storage` reads and writes files, `pack` and `unpack`
turn reports into JSON and back, `entries` composes them.
"""
