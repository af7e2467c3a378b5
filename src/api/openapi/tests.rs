//! What the document itself must be; whether it is true, the tests of the API say.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::cases::Case;
use super::*;

fn document() -> Value {
    document::assemble(crate::api::documented().into_operations())
}

/// Every object of the document, with where it is.
fn objects(value: &Value, at: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(object) => {
            found.push((at.to_owned(), value.clone()));
            object.iter().for_each(|(name, inside)| objects(inside, &format!("{at}/{name}"), found));
        }
        Value::Array(list) => list.iter().for_each(|inside| objects(inside, at, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_route_has_its_words_and_all_words_have_a_route() {
    let operations = crate::api::documented().into_operations();
    let routes: BTreeSet<_> = operations.iter().map(|it| (it.method.as_str(), it.path.as_str())).collect();
    let words: BTreeSet<_> = texts::all().map(|text| (text.method, text.path)).collect();
    assert_eq!(routes, words, "add or take lines in src/api/openapi/texts");
    let ids: BTreeSet<_> = texts::all().map(|text| text.id).collect();
    assert_eq!(ids.len(), words.len(), "an operationId is given once");
    for text in texts::all() {
        assert!(texts::TAGS.iter().any(|(tag, _)| *tag == text.tag) && !text.summary.is_empty(), "{}", text.id);
    }
}

#[test]
fn every_variable_segment_is_known() {
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let written: BTreeSet<_> = path.split('/').filter(|part| part.starts_with('{')).collect();
        for operation in methods.as_object().unwrap().values() {
            let parameters = operation["parameters"].as_array().unwrap().iter().filter(|known| known["in"] == "path");
            let named: BTreeSet<_> =
                parameters.clone().map(|known| format!("{{{}}}", known["name"].as_str().unwrap())).collect();
            assert_eq!(written, named.iter().map(String::as_str).collect(), "{path}");
            assert!(parameters.clone().all(|known| known["description"] != ""), "{path}: name it in segments.rs");
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_referred_to() {
    let document = document();
    let mut found = Vec::new();
    objects(&document, "", &mut found);
    let used: BTreeSet<_> = found.iter().filter_map(|(_, object)| schemas::name_in(object)).collect();
    let known: BTreeSet<_> =
        document["components"]["schemas"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(used.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new());
    let unused: Vec<_> = known.difference(&used).filter(|name| !name.ends_with("Problem")).collect();
    assert_eq!(unused, Vec::<&&str>::new());
}

#[test]
fn every_field_is_described_in_the_words_of_the_interface() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name} is not described");
        for (field, about) in schema["properties"].as_object().into_iter().flatten() {
            let is_said =
                about["description"].is_string() || about.get("const").is_some() || about.get("$ref").is_some();
            assert!(is_said || field == "data", "{name}.{field} is not described");
        }
    }
    let mut found = Vec::new();
    objects(&document, "", &mut found);
    for (at, object) in found {
        let Some(text) = object["description"].as_str() else { continue };
        assert!(
            !text.is_empty() && !text.contains("::") && !text.contains("[`") && !text.contains('\n')
                || at.contains("/responses/"),
            "{at}: {text}"
        );
    }
}

#[test]
fn every_case_is_a_schema_and_every_one_but_the_general_ones_is_met_somewhere() {
    let document = document();
    let text = document["paths"].to_string();
    // A method that a route has not is no operation.
    for case in Case::ALL.iter().filter(|case| **case != Case::MethodNotAllowed) {
        assert!(text.contains(&format!("/{case:?}Problem\"")), "{case:?} belongs to no operation");
    }
    assert_eq!(
        document["components"]["schemas"]["BattleEndedProblem"]["properties"]["code"],
        json!({"const": 100_421})
    );
}

#[test]
fn every_event_has_a_message_with_a_number_and_a_time() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let messages = schemas["EventMessage"]["oneOf"].as_array().unwrap();
    assert!(messages.len() >= 34, "{} messages", messages.len());
    for message in messages {
        let name = schemas::name_in(message).unwrap();
        let fields = schemas[name]["properties"].as_object().unwrap();
        assert!(["seq", "type", "serverTime", "data"].iter().all(|field| fields.contains_key(*field)), "{name}");
        assert_eq!(schemas[name]["examples"][0]["type"], schemas[name]["properties"]["type"]["const"]);
    }
}

#[test]
fn codes_are_those_of_the_rules() {
    let document = document();
    let codes = |name: &str| -> Vec<u64> {
        let all = document["components"]["schemas"][name]["oneOf"].as_array().unwrap().iter();
        all.map(|one| one["const"].as_u64().unwrap()).collect()
    };
    use crate::live::answer::{BattleCode, ConnectionCode};
    let battle = [
        BattleCode::Success,
        BattleCode::RoomNotExist,
        BattleCode::Battling,
        BattleCode::BattlingOtherRoom,
        BattleCode::RoomExit,
        BattleCode::Retry,
    ];
    assert_eq!(codes("BattleCode"), battle.map(|code| u64::from(code.code())));
    let connection = [
        ConnectionCode::Success,
        ConnectionCode::RoomNotExist,
        ConnectionCode::Connecting,
        ConnectionCode::ConnectingOtherRoom,
        ConnectionCode::Full,
        ConnectionCode::Retry,
    ];
    assert_eq!(codes("ConnectionCode"), connection.map(|code| u64::from(code.code())));
}

#[test]
fn every_webhook_has_a_body_with_its_type_and_an_example_of_it() {
    let document = document();
    let webhooks = document["webhooks"].as_object().unwrap();
    assert_eq!(webhooks.len(), crate::live::CallbackKind::ALL.len());
    for (kind, webhook) in webhooks {
        let body = &webhook["post"]["requestBody"]["content"]["application/json"];
        assert_eq!(body["example"]["type"], json!(kind));
        assert!(body["example"]["data"].as_object().is_some_and(|data| !data.is_empty()), "{kind}: {body}");
    }
}
