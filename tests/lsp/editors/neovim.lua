-- Edits the sample project in a real Neovim, set up as the guide says, and prints what it sees.
--   nvim --headless --clean -l neovim.lua <snippet.lua> <folder>
local snippet, folder = arg[1], arg[2]
vim.cmd("filetype on")
dofile(snippet)
vim.cmd.cd(folder)

local function say(...)
  io.write(table.concat({ ... }, " "), "\n")
end

local function codes(buffer)
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(buffer)) do
    found[#found + 1] = one.code
  end
  table.sort(found)
  return table.concat(found, ",")
end

local function await(what, condition)
  if not vim.wait(30000, condition, 20) then
    say("timeout:", what)
    os.exit(1)
  end
end

local function edit(path)
  vim.cmd.edit(path)
  return vim.api.nvim_get_current_buf()
end

local index = edit("src/index.ts")
await("findings", function()
  return codes(index) ~= ""
end)
vim.wait(500)
local client = vim.lsp.get_clients({ name = "cflint" })[1]
say("neovim", tostring(vim.version()), "encoding", client.offset_encoding)
say("index.ts:", codes(index))

local config = edit("wrangler.jsonc")
local before = vim.api.nvim_buf_get_lines(config, 0, -1, false)
local after = {}
for _, line in ipairs(before) do
  after[#after + 1] = (line:gsub('"STORE"', '"SHOP"'))
end
vim.api.nvim_buf_set_lines(config, 0, -1, false, after)
await("findings of an unsaved configuration", function()
  return codes(index):find("binding%-not%-declared") ~= nil
end)
say("index.ts with an unsaved configuration:", codes(index))
vim.api.nvim_buf_set_lines(config, 0, -1, false, before)
await("findings as they were", function()
  return codes(index) == "binding-floating-promise"
end)

vim.api.nvim_set_current_buf(index)
local function position(pattern, within)
  for row, line in ipairs(vim.api.nvim_buf_get_lines(index, 0, -1, false)) do
    local at = line:find(pattern, 1, true)
    if at then
      return { line = row - 1, character = at - 1 + within }
    end
  end
end
local function ask(method, params)
  params.textDocument = { uri = vim.uri_from_bufnr(index) }
  local answer = client.request_sync(method, params, 10000, index)
  return answer.result
end

local hover = ask("textDocument/hover", { position = position("env.ROOM.get", 5) })
say("hover:", (hover.contents.value:match("^[^\n]*")))
local place = ask("textDocument/definition", { position = position("env.ROOM.get", 5) })[1]
say("definition:", vim.fs.basename(place.uri), tostring(place.range.start.line))

local at = position("env.STORE.put", 2)
local actions = ask("textDocument/codeAction", {
  range = { start = at, ["end"] = at },
  context = { diagnostics = {}, triggerKind = 1 },
})
for _, action in ipairs(actions) do
  say("action:", action.title)
end
vim.lsp.util.apply_workspace_edit(actions[1].edit, client.offset_encoding)
await("no finding after the fix", function()
  return codes(index) == ""
end)
say("fixed:", vim.trim(vim.api.nvim_buf_get_lines(index, at.line, at.line + 1, false)[1]))
client.stop()
await("the end", function()
  return client.is_stopped()
end)
say("done")
