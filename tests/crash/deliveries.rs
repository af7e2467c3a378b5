//! How webhooks came, of every type: each delivery signed with the endpoint's secret, one event with one id over all of its
//! deliveries, to either endpoint, and first deliveries in the order of the outbox without one missing.
//!
//! The order is in the ids: an id is made of the database's own id, the event's number in the outbox, and its body. So the
//! first delivery that is the nth to the endpoint of all events must have the id of the nth event.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use costage::engine::OutboxLog as _;
use costage::store::OutboxReader;

use crate::house::House;
use crate::receiver::{Receiver, Told};

/// What an endpoint's events are signed with, as the configuration has it.
pub(crate) struct Secret(pub(crate) &'static str);

/// Whether this is the one signature of a delivery (Standard Webhooks 1.0.0, "Signature scheme").
pub(crate) fn signed(secret: &Secret, id: &str, timestamp: &str, body: &str, signature: &str) -> bool {
    let secret = STANDARD.decode(secret.0.strip_prefix("whsec_").unwrap()).unwrap();
    let Some(signature) = signature.strip_prefix("v1,") else { return false };
    let Ok(signature) = STANDARD.decode(signature) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
    hmac::verify(&key, format!("{id}.{timestamp}.{body}").as_bytes(), &signature).is_ok()
}

/// The id of the nth event of the database with this id.
fn id_of(store: &[u8; 16], number: u64, body: &str) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in [&b"costage webhook id 1\0"[..], store, &number.to_be_bytes(), body.as_bytes()] {
        hash.update(part);
    }
    let digits: String = hash.finish().as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("msg_{digits}")
}

/// Those that came with their id for the first time, in their order. Where an id comes again, so does its body.
fn first_ones(all: &[Told]) -> Vec<&Told> {
    let (mut bodies, mut first) = (BTreeMap::new(), Vec::new());
    for told in all {
        match bodies.insert(&told.id, &told.text) {
            None => first.push(told),
            Some(before) => assert_eq!(before, &told.text, "one id, two events: {}", told.id),
        }
    }
    first
}

/// Judges all that came from the very first event on; waits until what came to the endpoint of ends has come to the other too.
/// How many events of each type there were.
pub(crate) async fn audit(house: &House, receiver: &Receiver) -> BTreeMap<String, usize> {
    let ids = |all: &[Told]| all.iter().map(|told| told.id.clone()).collect::<BTreeSet<_>>();
    receiver.wait_until(|receiver| ids(&receiver.ends()).is_subset(&ids(&receiver.all()))).await;
    let (all, ends) = (receiver.all(), receiver.ends());
    for told in all.iter().chain(&ends) {
        assert!(told.signed, "not signed with the endpoint's secret: {told:?}");
    }
    let store = OutboxReader::open(&house.data().join("costage.db")).unwrap().store();
    let (mut numbers, mut kinds) = (BTreeMap::new(), BTreeMap::new());
    for (number, told) in (1..).zip(first_ones(&all)) {
        assert_eq!(told.id, id_of(&store.0, number, &told.text), "event {number} is another: {told:?}");
        numbers.insert(&told.id, number);
        *kinds.entry(told.body["type"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let in_order: Vec<u64> = first_ones(&ends).into_iter().map(|told| numbers[&told.id]).collect();
    assert!(in_order.is_sorted(), "ends came out of order: {in_order:?}");
    let again = all.len() + ends.len() - numbers.len() - in_order.len();
    println!("crash: webhooks: {kinds:?}; {again} came again; all signed, in order, by one id each");
    kinds
}
