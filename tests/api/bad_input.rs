//! Bad input of every kind that the document lets one think of: refused with the name of the field, and nothing changed.
//!
//! For every route with a JSON body, every field of it, however deep: another type, `null` where it is needed, a number beyond
//! each bound, a text too long or of other characters, a list too long or too short, a word that is none of the choices; and
//! around them a field that is not known, a field that is missing, JSON that is cut off, bodies that are too large or no JSON.

use serde_json::{Value, json};

use super::contract::Contract;
use super::house::{House, Reply};

/// One wrong body, and what the refusal must name.
#[derive(Debug)]
struct Wrong {
    body: Value,
    names: String,
}

/// A route that takes a JSON body.
struct Route {
    method: String,
    path: String,
    schema: Value,
    example: Value,
}

fn routes(contract: &Contract, battle: &str) -> Vec<Route> {
    let examples =
        [("{liveId}", "a"), ("{fromLiveId}", "b"), ("{toLiveId}", "b"), ("{userId}", "gil"), ("{index}", "1")];
    let mut routes = Vec::new();
    for (path, methods) in contract.document()["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Some(media) = operation.pointer("/requestBody/content/application~1json") else { continue };
            let filled = examples
                .iter()
                .fold(path.replace("{battleId}", battle), |path, (name, value)| path.replace(name, value));
            let (schema, example) = (contract.resolved(&media["schema"]).clone(), media["example"].clone());
            routes.push(Route { method: method.to_ascii_uppercase(), path: filled, schema, example });
        }
    }
    routes
}

impl Route {
    fn wrongs(&self, contract: &Contract) -> Vec<Wrong> {
        let mut wrongs = vec![Wrong { body: with(&self.example, "/dance", json!(1)), names: "dance".to_owned() }];
        for name in self.schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut body = self.example.clone();
            body.as_object_mut().unwrap().remove(name);
            wrongs.push(Wrong { body, names: name.to_owned() });
        }
        self.fields(contract, &self.schema, "", &mut wrongs);
        wrongs
    }

    fn fields(&self, contract: &Contract, schema: &Value, at: &str, wrongs: &mut Vec<Wrong>) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}/{name}");
            if self.example.pointer(&at).is_none() {
                continue;
            }
            let field = contract.resolved(field);
            let values = contract.wrong_values(field);
            wrongs.extend(
                values.into_iter().map(|value| Wrong { body: with(&self.example, &at, value), names: name.clone() }),
            );
            self.fields(contract, contract.without_null(field), &at, wrongs);
            if let Some(items) = field.get("items") {
                self.fields(contract, contract.resolved(items), &format!("{at}/0"), wrongs);
            }
        }
    }
}

/// The body with this value there.
fn with(body: &Value, pointer: &str, value: Value) -> Value {
    let mut body = body.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value;
    body
}

impl Contract {
    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        name.map_or(schema, |name| self.resolved(&self.document()["components"]["schemas"][name]))
    }

    /// The one alternative that is not null, where there is just one.
    fn without_null<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let others: Vec<_> =
            schema["anyOf"].as_array().into_iter().flatten().filter(|one| one["type"] != "null").collect();
        if let [one] = others.as_slice() { self.resolved(one) } else { schema }
    }

    /// Values that do not fit.
    fn wrong_values(&self, schema: &Value) -> Vec<Value> {
        let schema = self.without_null(schema);
        let is = |name: &str| {
            schema["type"] == name || schema["type"].as_array().is_some_and(|all| all.iter().any(|one| one == name))
        };
        let mut values = vec![if is("object") { json!(7) } else { json!({"wrong": 1}) }, json!([[]])];
        if let Some(fields) = schema["properties"].as_object() {
            // By their places, as serde would read them.
            values.push(fields.values().map(|field| super::contract::example_of(self, field)).collect());
        }
        let mut number =
            |bound: &str, step: i64| values.extend(schema[bound].as_i64().map(|limit| json!(limit + step)));
        number("minimum", -1);
        number("maximum", 1);
        if is("integer") {
            values.extend([json!(1.5), json!("1"), json!(1e300)]);
        }
        values.extend(schema["maxLength"].as_u64().map(|most| json!("x".repeat(usize::try_from(most).unwrap() + 1))));
        values.extend(schema.get("pattern").map(|_| json!("no good")));
        values.extend(schema["minItems"].as_u64().filter(|least| *least > 0).map(|_| json!([])));
        if let Some(most) = schema["maxItems"].as_u64() {
            let item = super::contract::example_of(self, &schema["items"]);
            values.push((0..=most).map(|index| other(&item, index)).collect());
        }
        if schema["oneOf"].as_array().is_some_and(|choices| choices.iter().all(|choice| choice["const"].is_string())) {
            values.push(json!("dance"));
        }
        values
    }
}

/// The same item under another name.
fn other(item: &Value, index: u64) -> Value {
    item.as_str().map_or_else(|| item.clone(), |text| json!(format!("{text}{index}")))
}

async fn ask(house: &House, route: &Route, content_type: &str, body: &str) -> Reply {
    let bearer = format!("Bearer {}", house.admin());
    let headers = [("authorization", &*bearer), ("content-type", content_type), ("idempotency-key", "k")];
    house.send(&route.method, &route.path, &headers, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_every_route_is_refused_by_its_name() {
    let house = House::open().await;
    let battle = house.battle().await;
    let contract = house.contract();
    let before = house.everything().await;
    let (mut tried, mut unnamed) = (0, Vec::new());
    for route in routes(contract, &battle) {
        for Wrong { body, names } in route.wrongs(contract) {
            let reply = ask(&house, &route, "application/json", &body.to_string()).await;
            tried += 1;
            let detail = serde_json::from_str::<Value>(&reply.body).unwrap_or_default()["detail"].to_string();
            if ![400, 422].contains(&reply.status) || !detail.contains(&names) {
                let body: String = body.to_string().chars().take(300).collect();
                unnamed.push(format!("{} {} {names}: {} {detail} to {body}", route.method, route.path, reply.status));
            }
        }
    }
    assert!(tried > 300, "{tried} tries");
    assert!(unnamed.is_empty(), "{} of {tried}:\n{}", unnamed.len(), unnamed.join("\n"));
    assert_eq!(house.everything().await, before, "nothing has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_or_too_large_is_refused_by_every_route() {
    let house = House::open().await;
    let battle = house.battle().await;
    let before = house.everything().await;
    for route in routes(house.contract(), &battle) {
        for (content_type, body, status, slug) in [
            ("application/json", "{".to_owned(), 400, "bad-request"),
            ("application/json", "nonsense".to_owned(), 400, "bad-request"),
            ("application/json", "[]".to_owned(), 400, "bad-request"),
            ("application/json", "{} {}".to_owned(), 400, "bad-request"),
            ("application/json", "{\"a\u{0}\": 1}".to_owned(), 400, "bad-request"),
            ("application/json", "[".repeat(60_000), 400, "bad-request"),
            ("application/json", format!("{{\"x\": \"{}\"}}", "x".repeat(70_000)), 413, "body-too-large"),
            ("text/plain", "{}".to_owned(), 415, "unsupported-media-type"),
        ] {
            ask(&house, &route, content_type, &body).await.problem(status, slug);
        }
    }
    assert_eq!(house.everything().await, before, "nothing has changed");
}
