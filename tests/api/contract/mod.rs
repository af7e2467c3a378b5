//! The contract: what the server answers, held against the document that it serves.
//!
//! [`House`](super::house::House) gives every exchange of every test to [`Contract::faults`], and every message of every event
//! socket to [`Contract::message_faults`]. Undocumented are: a route, a status, a field, a media type, a header of note, a field
//! of a request that was taken, a request without a token that was taken where one is needed.

mod raw;
mod schema;
mod self_test;
mod tour;
mod walk;

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;
use serde_json::{Map, Value};

use schema::Schemas;

/// What pages alone use is no interface.
const PAGES: [&str; 7] = ["/", "/console", "/docs", "/publish/", "/play/", "/web/", "/demo/"];

/// Headers that clients act upon: documented wherever they are sent.
const HEADERS_OF_NOTE: [&str; 8] =
    ["location", "etag", "retry-after", "link", "allow", "accept-post", "accept-patch", "www-authenticate"];

/// A request and its answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// Names in small letters.
    pub(crate) sent_headers: BTreeMap<String, String>,
    pub(crate) sent: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// `None` when not all of it was read.
    pub(crate) body: Option<String>,
}

/// The document, as it was served.
#[derive(Clone, Debug)]
pub(crate) struct Contract {
    document: Value,
}

impl Contract {
    pub(crate) fn new(document: Value) -> Self {
        Self { document }
    }

    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// What is not as the document says.
    pub(crate) fn faults(&self, exchange: &Exchange) -> Vec<String> {
        let path = exchange.path.split('?').next().unwrap_or_default();
        if PAGES.iter().any(|page| path == *page || (page.len() > 1 && page.ends_with('/') && path.starts_with(page))) {
            return Vec::new();
        }
        let found = match self.route(path) {
            None => self.no_route(exchange),
            Some((template, methods)) => match self.operation(methods, &exchange.method) {
                None => self.no_method(exchange),
                Some(operation) => self.operation_faults(operation, template, exchange),
            },
        };
        let Exchange { method, path, status, .. } = exchange;
        found.into_iter().map(|fault| format!("{method} {path} ({status}): {fault}")).collect()
    }

    /// What is not as the document says in a message of an event socket.
    pub(crate) fn message_faults(&self, message: &Value) -> Vec<String> {
        let schema = serde_json::json!({"$ref": "#/components/schemas/EventMessage"});
        let found = self.schemas().faults(&schema, message, "message");
        found.into_iter().map(|fault| format!("{}: {fault}", message["type"])).collect()
    }

    fn schemas(&self) -> Schemas<'_> {
        Schemas::new(&self.document["components"]["schemas"])
    }

    fn paths(&self) -> impl Iterator<Item = (&String, &Map<String, Value>)> {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        paths.filter_map(|(path, methods)| Some((path, methods.as_object()?)))
    }

    /// The route of a path; literal segments come before variable ones.
    fn route(&self, path: &str) -> Option<(&String, &Map<String, Value>)> {
        let fits = |template: &str| {
            let (mut ours, mut theirs) = (template.split('/'), path.split('/'));
            loop {
                match (ours.next(), theirs.next()) {
                    (None, None) => return true,
                    (Some(own), Some(other)) if own == other || (own.starts_with('{') && !other.is_empty()) => {}
                    _ => return false,
                }
            }
        };
        self.paths().filter(|(template, _)| fits(template)).min_by_key(|(template, _)| template.matches('{').count())
    }

    /// HEAD is GET without a body (RFC 9110 §9.3.2).
    fn operation<'a>(&self, methods: &'a Map<String, Value>, method: &str) -> Option<&'a Value> {
        let method = method.to_ascii_lowercase();
        methods.get(&method).or_else(|| methods.get("get").filter(|_| method == "head"))
    }

    fn no_route(&self, exchange: &Exchange) -> Vec<String> {
        refused_as(exchange, 404, "urn:costage:route-not-found", "the route is not documented")
    }

    fn no_method(&self, exchange: &Exchange) -> Vec<String> {
        // CORS preflights are answered everywhere.
        if exchange.method == "OPTIONS" && exchange.status == 204 {
            return Vec::new();
        }
        refused_as(exchange, 405, "urn:costage:method-not-allowed", "the method is not documented")
    }

    fn operation_faults(&self, operation: &Value, template: &str, exchange: &Exchange) -> Vec<String> {
        let Some(answer) = operation["responses"].get(exchange.status.to_string()) else {
            return vec![format!("the status is not documented: {}", exchange.body.as_deref().unwrap_or_default())];
        };
        let mut faults = self.body_faults(answer, exchange);
        faults.extend(header_faults(answer, exchange));
        if exchange.status < 300 {
            faults.extend(self.request_faults(operation, template, exchange));
        }
        faults
    }

    fn body_faults(&self, answer: &Value, exchange: &Exchange) -> Vec<String> {
        let Some(body) = &exchange.body else { return Vec::new() };
        let Some(content) = answer["content"].as_object().filter(|_| exchange.method != "HEAD") else {
            return if body.is_empty() { Vec::new() } else { vec![format!("a body is not documented: {body}")] };
        };
        let media_type = media_type(exchange.headers.get("content-type").and_then(|value| value.to_str().ok()));
        match content.get(&media_type) {
            None => vec![format!("the media type {media_type} is not documented")],
            Some(media) if media_type.ends_with("json") => match serde_json::from_str(body) {
                Ok(json) => self.schemas().faults(&media["schema"], &json, "body"),
                Err(error) => vec![format!("the body is no JSON: {error}")],
            },
            Some(_) => Vec::new(),
        }
    }

    /// What was taken must be what the document lets send.
    fn request_faults(&self, operation: &Value, template: &str, exchange: &Exchange) -> Vec<String> {
        let mut faults = Vec::new();
        let (path, query) = exchange.path.split_once('?').unwrap_or((&exchange.path, ""));
        let pairs =
            || query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let documented = operation["parameters"].as_array().cloned().unwrap_or_default();
        let parameter =
            |place: &str, name: &str| documented.iter().find(|known| known["in"] == *place && known["name"] == *name);
        for (name, value) in pairs().filter(|(name, _)| *name != "token") {
            match parameter("query", name) {
                None => faults.push(format!("the query's `{name}` is not documented")),
                Some(known) => faults.extend(self.schemas().text_faults(&known["schema"], value, name)),
            }
        }
        for (own, given) in template.split('/').zip(path.split('/')).filter(|(own, _)| own.starts_with('{')) {
            let name = own.trim_matches(['{', '}']);
            match parameter("path", name) {
                None => faults.push(format!("the path's `{name}` is not documented")),
                Some(known) => faults.extend(self.schemas().text_faults(&known["schema"], given, name)),
            }
        }
        let needed = documented.iter().filter(|known| known["in"] == "header" && known["required"] == true);
        for name in needed.filter_map(|known| known["name"].as_str()) {
            if !exchange.sent_headers.contains_key(&name.to_ascii_lowercase()) {
                faults.push(format!("it was taken without the header {name}"));
            }
        }
        if exchange.sent_headers.contains_key("idempotency-key") && parameter("header", "Idempotency-Key").is_none() {
            faults.push("the header Idempotency-Key is not documented".to_owned());
        }
        let has_token = exchange.sent_headers.contains_key("authorization")
            || exchange.sent_headers.get("sec-websocket-protocol").is_some_and(|offered| offered.contains("bearer."))
            || pairs().any(|(name, _)| name == "token");
        let goes_without = operation["security"]
            .as_array()
            .is_none_or(|ways| ways.is_empty() || ways.contains(&serde_json::json!({})));
        if !has_token && !goes_without {
            faults.push("it was taken without a token".to_owned());
        }
        faults.extend(self.sent_faults(&operation["requestBody"], exchange));
        faults
    }

    fn sent_faults(&self, body: &Value, exchange: &Exchange) -> Vec<String> {
        if exchange.sent.is_empty() {
            return if body["required"] == true { vec!["it was taken without a body".to_owned()] } else { Vec::new() };
        }
        let media_type = media_type(exchange.sent_headers.get("content-type").map(String::as_str));
        match (&body["content"][&media_type], media_type.ends_with("json")) {
            (Value::Null, _) => vec![format!("a body of {media_type} is not documented, and was taken")],
            (media, true) => match serde_json::from_str(&exchange.sent) {
                Ok(json) => self.schemas().faults(&media["schema"], &json, "request"),
                Err(error) => vec![format!("a body that is no JSON was taken: {error}")],
            },
            (_, false) => Vec::new(),
        }
    }
}

/// The document's own example of a schema.
pub(crate) fn example_of(contract: &Contract, schema: &Value) -> Value {
    if let Some(example) = schema.pointer("/examples/0") {
        return example.clone();
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return example_of(contract, &contract.document["components"]["schemas"][name]);
    }
    let fields = schema["properties"].as_object().into_iter().flatten();
    let object: Map<String, Value> = fields.map(|(name, field)| (name.clone(), example_of(contract, field))).collect();
    if object.is_empty() { Value::Null } else { Value::Object(object) }
}

fn media_type(value: Option<&str>) -> String {
    value.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn refused_as(exchange: &Exchange, status: u16, kind: &str, otherwise: &str) -> Vec<String> {
    let body = exchange.body.as_deref().unwrap_or_default();
    let right = exchange.status == status && (exchange.method == "HEAD" || body.contains(kind));
    if right { Vec::new() } else { vec![format!("{otherwise}, but answered: {body}")] }
}

fn header_faults(answer: &Value, exchange: &Exchange) -> Vec<String> {
    let documented: BTreeMap<String, bool> = answer["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, about)| (name.to_ascii_lowercase(), about["required"] == true))
        .collect();
    let missing = documented.iter().filter(|(name, required)| **required && !exchange.headers.contains_key(*name));
    let missing = missing.map(|(name, _)| format!("the header {name} is missing"));
    let strange =
        HEADERS_OF_NOTE.iter().filter(|name| exchange.headers.contains_key(**name) && !documented.contains_key(**name));
    missing.chain(strange.map(|name| format!("the header {name} is not documented"))).collect()
}
