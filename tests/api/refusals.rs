//! A refused command has changed nothing: random commands over HTTP, and after each refusal all that can be seen is as before.

use std::time::Duration;

use costage::api::auth::Role;
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use super::contract::Contract;
use super::house::House;

/// Servers a run, each with other random commands.
const SERVERS: u64 = 4;
/// Commands that each is given.
const COMMANDS: usize = 200;

/// Longer than scores wait to be told (50 ms): after it, what an accepted change causes has been seen.
const SETTLED: Duration = Duration::from_millis(80);

/// Numbers that only look random (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % end
    }

    fn one<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// One of the first half, and now and then of all: those behind are wrong, or rarely right.
    fn rarely_last<T: Clone>(&mut self, all: &[T]) -> T {
        let end = if self.once_in(6) { all.len() } else { all.len() / 2 };
        self.one(&all[..end])
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// What commands are made of.
struct Table {
    contract: &'static Contract,
    operations: Vec<(String, String, Value)>,
    tokens: Vec<String>,
    battles: Vec<String>,
}

struct Command {
    method: String,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

const LIVES: [&str; 8] = ["a", "b", "c", "d", "private", "new", "nobody", "-bad"];
const USERS: [&str; 10] = ["alice", "bob", "carol", "gil", "hal", "dora", "ida", "jo", "nobody", "b d"];
const INDEXES: [&str; 8] = ["0", "1", "2", "3", "8", "9", "x", "-1"];

impl Table {
    fn new(house: &House, battle: String) -> Self {
        let contract = house.contract();
        let mut operations = Vec::new();
        for (path, methods) in contract.document()["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let is_command = !["get", "head", "options"].contains(&method.as_str());
                if is_command && path.starts_with("/v1/") {
                    // What ends something comes up less often, so that there is something to be refused about.
                    let weight = if method == "delete" { 1 } else { 3 };
                    let one = (method.to_ascii_uppercase(), path.clone(), operation.clone());
                    operations.extend(std::iter::repeat_n(one, weight));
                }
            }
        }
        let admin = house.admin();
        let hosts =
            [("alice", "a"), ("bob", "b"), ("carol", "c"), ("dora", "*")].map(|(user, live)| house.host(user, live));
        let guests = ["gil", "hal"].map(|user| house.token(Role::Guest, user, "a"));
        let mut tokens = vec![admin; 20];
        tokens.extend(hosts);
        tokens.extend(guests);
        tokens.extend([house.token(Role::Audience, "vic", "b"), String::new(), "rubbish".to_owned()]);
        let battles = vec![battle, "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(), "7".to_owned()];
        Self { contract, operations, tokens, battles }
    }

    fn command(&self, dice: &mut Dice) -> Command {
        let (method, mut path, operation) = dice.one(&self.operations);
        for name in ["{liveId}", "{fromLiveId}", "{toLiveId}"] {
            path = path.replace(name, dice.rarely_last(&LIVES));
        }
        path = path
            .replace("{userId}", &dice.rarely_last(&USERS).replace(' ', "%20"))
            .replace("{index}", dice.rarely_last(&INDEXES));
        path =
            path.replace("{battleId}", &self.battles[if dice.once_in(8) { dice.below(self.battles.len()) } else { 0 }]);
        let token = dice.one(&self.tokens);
        let mut headers = Vec::new();
        if !token.is_empty() {
            headers.push(("authorization", format!("Bearer {token}")));
        }
        let has_key =
            operation["parameters"].as_array().into_iter().flatten().any(|it| it["name"] == "Idempotency-Key");
        if has_key && !dice.once_in(12) {
            headers.push(("idempotency-key", format!("k{}", dice.below(6))));
        }
        let mut body = String::new();
        if let Some(media) = operation.pointer("/requestBody/content/application~1json") {
            let media_type = if dice.once_in(25) { "text/plain" } else { "application/json" };
            headers.push(("content-type", media_type.to_owned()));
            body = self.value(&media["schema"], dice).to_string();
            if dice.once_in(25) {
                body.truncate(body.len() / 2);
            }
        }
        Command { method, path, headers, body }
    }

    /// Something that fits the schema, mostly.
    fn value(&self, schema: &Value, dice: &mut Dice) -> Value {
        if dice.once_in(80) {
            return dice.one(&[json!(null), json!(-1), json!("x"), json!([]), json!({}), json!(1e300), json!(true)]);
        }
        if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
            return match name {
                "LiveId" => json!(dice.rarely_last(&LIVES)),
                "UserId" => json!(dice.rarely_last(&USERS)),
                _ => self.value(&self.contract.document()["components"]["schemas"][name], dice),
            };
        }
        for word in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[word].as_array() {
                let choice = dice.one(choices);
                return self.value(&choice, dice);
            }
        }
        if let Some(fixed) = schema.get("const") {
            return fixed.clone();
        }
        let kinds = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
        match kinds[0].as_str().unwrap_or_default() {
            "object" => self.object(schema, dice),
            "array" => (0..dice.below(4)).map(|_| self.value(&schema["items"], dice)).collect(),
            "integer" => {
                let bound = |name: &str, other: i64| schema[name].as_i64().unwrap_or(other);
                let (least, most) = (bound("minimum", -5), bound("maximum", 500));
                if dice.once_in(12) {
                    return json!(dice.one(&[least.saturating_sub(1), most.saturating_add(1)]));
                }
                json!(dice.one(&[least, least + 1, most]))
            }
            "boolean" => json!(dice.once_in(2)),
            "string" => {
                let most = usize::try_from(schema["maxLength"].as_u64().unwrap_or(20)).unwrap();
                if dice.once_in(15) {
                    return json!("x".repeat(most + 1));
                }
                dice.one(&[json!("hello"), json!("x".repeat(most)), schema["examples"][0].clone()])
            }
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &Value, dice: &mut Dice) -> Value {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut fields = Map::new();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            // Admins say for whom, and nearly everything is asked by them here.
            let is_there =
                if name == "userId" || required.contains(&name.as_str()) { !dice.once_in(40) } else { dice.once_in(3) };
            if is_there {
                fields.insert(name.clone(), self.value(field, dice));
            }
        }
        // Nothing may happen by itself while a run lasts.
        for (name, values) in [("timeoutSeconds", [0, 120, 120, -1]), ("durationSeconds", [300, 86_400, 86_401, 4])] {
            if schema["properties"].get(name).is_some() {
                fields.insert(name.to_owned(), json!(dice.one(&values)));
            }
        }
        if dice.once_in(40) {
            fields.insert("dance".to_owned(), json!(1));
        }
        Value::Object(fields)
    }
}

/// Three connected lives, two of them in a battle; a live alone that is invited, one that is not public; guests on seats and before
/// them.
async fn full_house() -> (House, String) {
    let house = House::open().await;
    let battle = house.battle().await;
    let (admin, none) = (house.admin(), Value::Null);
    for (live, user) in [("c", "carol"), ("d", "dora")] {
        house.live(live, user).await;
        house.on_air(live, user).await;
        let request = json!({"targetLiveIds": [live], "timeoutSeconds": 120});
        house.json(&admin, "POST", "/v1/lives/a/co-host/requests", &request).await.expect(200);
    }
    house.json(&admin, "POST", "/v1/lives/c/co-host/requests/a/accept", &none).await.expect(200);
    let hidden = json!({"liveId": "private", "owner": {"userId": "paul"}, "isPublicVisible": false});
    house.json(&admin, "POST", "/v1/lives", &hidden).await.expect(201);
    house.json(&admin, "POST", "/v1/lives/a/seats/1/take", &json!({"userId": "gil"})).await.expect(200);
    let wish = json!({"userId": "hal", "timeoutSeconds": 0});
    house.json(&admin, "POST", "/v1/lives/a/seat-applications", &wish).await.expect(201);
    (house, battle)
}

/// What happened to the commands of a run.
#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    accepted: usize,
    /// What was not as the document says.
    faults: Vec<String>,
}

async fn run(seed: u64) -> Tally {
    let (house, battle) = full_house().await;
    let mut table = Table::new(&house, battle);
    let mut dice = Dice(seed);
    let mut tally = Tally::default();
    sleep(SETTLED).await;
    let mut before = house.everything().await;
    for number in 0..COMMANDS {
        let Command { method, path, headers, body } = table.command(&mut dice);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = house.exchange(&method, &path, &headers, &body).await;
        tally.faults.extend(house.contract().faults(&reply));
        let said = reply.body.unwrap_or_default();
        if reply.status < 400 {
            tally.accepted += 1;
            let made =
                serde_json::from_str::<Value>(&said).ok().and_then(|body| Some(body["battleId"].as_str()?.to_owned()));
            table.battles.splice(..1, made.or_else(|| table.battles.first().cloned()));
            sleep(SETTLED).await;
            before = house.everything().await;
            continue;
        }
        tally.refused += 1;
        let after = house.everything().await;
        let changed: Vec<_> = after.iter().filter(|(path, now)| before.get(*path) != Some(now)).collect();
        assert!(
            changed.is_empty() && before.len() == after.len(),
            "seed {seed}, command {number}: {method} {path} {body} was refused ({}) and changed {changed:?}",
            said
        );
    }
    tally
}

/// With `COSTAGE_SEED=N` only that seed is run: `COSTAGE_SEED=N cargo test --release --test api a_refused_command`.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_refused_command_changes_nothing_that_can_be_seen() {
    let seeds = match std::env::var("COSTAGE_SEED") {
        Ok(seed) => vec![seed.parse().expect("COSTAGE_SEED is a number")],
        Err(_) => (1..=SERVERS).map(|number| number * 7919).collect(),
    };
    let (mut refused, mut accepted) = (0, 0);
    for seed in &seeds {
        let tally = run(*seed).await;
        assert_eq!(tally.faults, [""; 0], "seed {seed}: not as /openapi.json says");
        (refused, accepted) = (refused + tally.refused, accepted + tally.accepted);
    }
    let all = COMMANDS * seeds.len();
    assert!(refused > all / 2 && accepted > all / 25, "{refused} refused, {accepted} accepted of {all}");
}
