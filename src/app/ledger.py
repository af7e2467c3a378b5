import hashlib, json, struct, sys, uuid

def number(value): return struct.pack(">q", value)
def text(value): return struct.pack(">I", len(value.encode())) + value.encode()
def points(value): return text(json.dumps(value, separators=(",", ":")))

last = bytes(32)
for line in open(sys.argv[1]):
    row = json.loads(line)
    gift = b"\0" if row["giftCount"] is None else b"\1" + number(row["giftCount"]) + number(row["giftValue"])
    own = (number(row["seq"]) + uuid.UUID(row["battleId"]).bytes + number(row["battleSeq"])
           + text(row["idempotencyKey"]) + text(row["op"]) + points(row["scores"]) + gift + text(row["giftId"])
           + text(row["senderId"]) + text(row["reference"]) + points(row["totals"]) + number(row["at"]))
    last = hashlib.sha256(last + own).digest()
    assert last.hex() == row["hash"], "row %d is not as it was written" % row["seq"]
print(row["seq"], last.hex(), sep=":")
