//! A walk over all documented routes: each of them is there.

use serde_json::{Value, json};

use super::super::house::House;
use super::{Contract, example_of};

/// An operation to try.
struct Step {
    method: String,
    path: String,
    /// Of the body, and the key where one is needed.
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Contract {
    /// Each operation, with the document's own examples.
    fn steps(&self) -> Vec<Step> {
        let operations =
            self.paths().flat_map(|(path, methods)| methods.iter().map(move |(method, it)| (path, method, it)));
        let mut steps: Vec<_> =
            operations.map(|(path, method, operation)| self.step(path, method, operation)).collect();
        // What ends something comes last.
        steps.sort_by_key(|step| step.method == "DELETE");
        steps
    }

    fn step(&self, path: &str, method: &str, operation: &Value) -> Step {
        let mut path = path.to_owned();
        for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|known| known["in"] == "path")
        {
            let example = example_of(self, &parameter["schema"]);
            let text = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
            path = path.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap()), &text);
        }
        let content = operation["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
        let body = content.map(|(_, media)| {
            let example = &media["example"];
            example.as_str().map_or_else(|| example.to_string(), str::to_owned)
        });
        let has_key =
            operation["parameters"].as_array().into_iter().flatten().any(|known| known["name"] == "Idempotency-Key");
        let key = has_key.then(|| ("idempotency-key", "walk".to_owned()));
        let headers = content.map(|(media_type, _)| ("content-type", media_type.clone())).into_iter().chain(key);
        Step { method: method.to_ascii_uppercase(), path, headers: headers.collect(), body: body.unwrap_or_default() }
    }

    /// What is documented and not there, and what is there and not as documented.
    pub(super) async fn walk(&self, house: &House) -> Vec<String> {
        let bearer = format!("Bearer {}", house.admin());
        let mut faults = Vec::new();
        for Step { method, path, headers, body } in self.steps() {
            let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            headers.push(("authorization", &bearer));
            let exchange = house.exchange(&method, &path, &headers, &body).await;
            faults.extend(self.faults(&exchange));
            let is_unknown = exchange.body.as_deref().unwrap_or_default().contains("\"urn:costage:route-not-found\"");
            if exchange.status == 405 || (exchange.status == 404 && is_unknown) {
                faults.push(format!("{method} {path} is documented and not there"));
            }
        }
        faults
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_route_is_there_and_answers_as_documented() {
    let house = House::open().await;
    house.battle().await;
    let contract = house.contract();
    assert!(contract.steps().len() > 50, "{} operations", contract.steps().len());
    assert_eq!(contract.walk(&house).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_documented_route_that_is_not_there_is_found() {
    let house = House::open().await;
    let mut contract = house.contract().clone();
    contract.document["paths"]["/v1/nowhere"]["get"] = json!({"responses": {"404": {"description": "", "content": {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/RouteNotFoundProblem"}}}}}});
    contract.document["paths"]["/v1/time"]["post"] = json!({"responses": {}});
    let faults = contract.walk(&house).await;
    for wanted in ["GET /v1/nowhere is documented and not there", "POST /v1/time is documented and not there"] {
        assert!(faults.iter().any(|fault| fault == wanted), "{wanted}: {faults:?}");
    }
}
