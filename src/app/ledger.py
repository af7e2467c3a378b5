import hashlib, json, struct, sys, uuid

def number(value): return struct.pack(">q", value)
def text(value): return struct.pack(">I", len(value.encode())) + value.encode()
def fields(pairs):
    assert len(dict(pairs)) == len(pairs), "a field stands twice: %s" % pairs
    return dict(pairs)
NAMES = {"seq", "battleId", "battleSeq", "idempotencyKey", "op", "scores", "giftCount", "giftValue", "giftId", "senderId",
         "reference", "totals", "at", "hash"}
def points(value): return text(json.dumps(value, separators=(",", ":")))

rows, last, end, keys = 0, bytes(32), None, set()
for line in open(sys.argv[1], encoding="utf-8"):
    assert not end, "there is more behind the last line"
    row = json.loads(line, object_pairs_hook=fields)
    if "rows" in row:
        end = row
        continue
    assert set(row) == NAMES, "a row of other fields: %s" % line
    assert (row["giftCount"] is None) == (row["giftValue"] is None), "row %d has half a gift" % row["seq"]
    gift = b"\0" if row["giftCount"] is None else b"\1" + number(row["giftCount"]) + number(row["giftValue"])
    own = (number(row["seq"]) + uuid.UUID(row["battleId"]).bytes + number(row["battleSeq"])
           + text(row["idempotencyKey"]) + text(row["op"]) + points(row["scores"]) + gift + text(row["giftId"])
           + text(row["senderId"]) + text(row["reference"]) + points(row["totals"]) + number(row["at"]))
    last = hashlib.sha256(last + own).digest()
    assert last.hex() == row["hash"], "row %d is not as it was written" % row["seq"]
    rows += 1
    keys.add((uuid.UUID(row["battleId"]).bytes, row["idempotencyKey"]))
    assert len(keys) == rows, "row %d has the key of another row of its battle" % row["seq"]
assert end, "the export is cut short: its last line is missing"
head = "%d:%s" % (rows, last.hex())
assert (end["rows"], end["head"]) == (rows, head), "the export ends at %s, its last line says %s" % (head, end["head"])
print(head)
