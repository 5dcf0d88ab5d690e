-- Saves a file in a real Neovim, set up to make all safe fixes then.
--   nvim --headless --clean -l neovim_save.lua <snippet.lua> <folder>
local snippet, folder = arg[1], arg[2]
vim.cmd("filetype on")
dofile(snippet)
vim.cmd.cd(folder)
vim.cmd.edit("src/index.ts")
local buffer = vim.api.nvim_get_current_buf()
if not vim.wait(30000, function() return #vim.diagnostic.get(buffer) > 0 end, 20) then
  io.write("timeout\n")
  os.exit(1)
end
vim.wait(300)
vim.cmd.write()
io.write("done\n")
