"""What git remembers of the files of a workspace: a base, its files, and what has changed since.

A base is the commit that changes are counted from. Everything is read from git's own files by dulwich, which
the extra `git` installs: no program is started, no hook, no filter and no include of a configuration counts,
and nothing is written.
"""
