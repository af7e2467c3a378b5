//! The contract can be broken: each kind of thing cut out of the document is missed.

use serde_json::{Value, json};

use super::super::house::House;
use super::{Contract, Exchange};

/// The document without what this pointer names.
fn without(contract: &Contract, pointer: &str) -> Contract {
    let mut cut = contract.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = cut.document.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is not in the document"));
    let name = name.replace("~1", "/");
    let fields = parent.as_object_mut().unwrap_or_else(|| panic!("{pointer} is in no object"));
    assert!(fields.remove(&name).is_some(), "{pointer} is not in the document");
    cut
}

#[track_caller]
fn is_missed(contract: &Contract, pointer: &str, exchange: &Exchange, words: &str) {
    assert_eq!(contract.faults(exchange), [""; 0]);
    let faults = without(contract, pointer).faults(exchange);
    assert!(faults.iter().any(|fault| fault.contains(words)), "without {pointer}: {faults:?}");
}

async fn as_admin(house: &House, method: &str, path: &str, body: &Value) -> Exchange {
    let bearer = format!("Bearer {}", house.admin());
    let headers = [("authorization", &*bearer), ("content-type", "application/json")];
    house.exchange(method, path, &headers, &body.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_a_status_a_field_or_a_header_that_is_cut_out_is_missed() {
    let house = House::open().await;
    let contract = house.contract();
    let created = as_admin(&house, "POST", "/v1/lives", &json!({"liveId": "a", "notice": "hi"})).await;
    assert_eq!(created.status, 201);
    let found = house.exchange("GET", "/v1/lives/a", &[], "").await;
    let list = house.exchange("GET", "/v1/lives?count=3", &[], "").await;
    let missing = house.exchange("GET", "/v1/lives/b", &[], "").await;
    let one = "/paths/~1v1~1lives~1{liveId}/get";
    is_missed(contract, "/paths/~1v1~1lives~1{liveId}", &found, "the route is not documented");
    is_missed(contract, one, &found, "the method is not documented");
    is_missed(contract, &format!("{one}/responses/200"), &found, "the status is not documented");
    is_missed(contract, &format!("{one}/responses/404"), &missing, "the status is not documented");
    is_missed(contract, "/components/schemas/Live/properties/notice", &found, "body.notice is not documented");
    is_missed(contract, "/components/schemas/User/properties/userName", &list, "body.lives[0].owner.userName is not");
    is_missed(contract, "/components/schemas/LiveNotFoundProblem", &missing, "is nowhere");
    is_missed(
        contract,
        "/components/schemas/CreateLive/properties/notice",
        &created,
        "request.notice is not documented",
    );
    is_missed(contract, "/paths/~1v1~1lives/get/parameters", &list, "the query's `count` is not documented");
    is_missed(
        contract,
        "/paths/~1v1~1lives/post/responses/201/headers/Location",
        &created,
        "the header location is not",
    );
    is_missed(contract, "/paths/~1v1~1lives/post/responses/201/content", &created, "a body is not documented");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_documented_and_not_sent_is_missed() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let found = house.exchange("GET", "/v1/lives/a", &[], "").await;
    let mut contract = house.contract().clone();
    contract.document["components"]["schemas"]["Live"]["required"].as_array_mut().unwrap().push(json!("mood"));
    contract.document["paths"]["/v1/lives/{liveId}"]["get"]["responses"]["200"]["headers"] =
        json!({"X-Mood": {"required": true}});
    contract.document["paths"]["/v1/lives/{liveId}"]["get"]["security"] = json!([{"bearer": []}]);
    let faults = contract.faults(&found).join("; ");
    for words in ["`mood` is missing", "the header x-mood is missing", "it was taken without a token"] {
        assert!(faults.contains(words), "{words}: {faults}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_is_cut_out_of_a_status_is_missed() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let contract = house.contract();
    let again = as_admin(&house, "POST", "/v1/lives", &json!({"liveId": "a"})).await;
    assert_eq!((again.status, contract.faults(&again)), (409, vec![]));
    let mut cut = contract.clone();
    let pointer = "/paths/~1v1~1lives/post/responses/409/content/application~1problem+json/schema/oneOf";
    let cases = cut.document.pointer_mut(pointer).unwrap().as_array_mut().unwrap();
    cases.retain(|case| case["$ref"] != "#/components/schemas/LiveIdTakenProblem");
    assert!(!cut.faults(&again).is_empty());
}

#[test]
fn an_event_that_is_cut_out_or_has_another_field_is_missed() {
    let messages = json!({"components": {"schemas": {
        "EventMessage": {"oneOf": [{"$ref": "#/components/schemas/onLiveEnded"}]},
        "onLiveEnded": {"type": "object", "required": ["seq", "type"], "properties": {
            "seq": {"type": "integer"}, "type": {"const": "onLiveEnded"}}},
    }}});
    let contract = Contract::new(messages);
    assert_eq!(contract.message_faults(&json!({"seq": 1, "type": "onLiveEnded"})), [""; 0]);
    for wrong in [
        json!({"seq": 1, "type": "onDance"}),
        json!({"seq": 1, "type": "onLiveEnded", "why": 1}),
        json!({"type": "onLiveEnded"}),
    ] {
        assert_eq!(contract.message_faults(&wrong).len(), 1, "{wrong}");
    }
}
