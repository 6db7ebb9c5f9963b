-- wrk: asks for the tiles of a list in turn, as a browser does.
local tiles, prefix, n = {}, os.getenv("PREFIX"), 0
for line in io.lines("TILES") do tiles[#tiles + 1] = line end
function request()
  n = n % #tiles + 1
  local suffix = prefix:find("base") and ".mvt" or ""
  return wrk.format("GET", prefix .. "/" .. tiles[n] .. suffix, { ["Accept-Encoding"] = "gzip" })
end
