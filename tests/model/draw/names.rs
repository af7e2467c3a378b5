//! Names of lives and users, and texts that are too long.

use std::sync::OnceLock;

use crate::words::{Person, Text};

/// Lives. A sequence has the first few.
pub(crate) const LIVES: [Text; 20] =
    ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"];

/// The host of each live, in most cases.
const HOSTS: [Text; 20] = [
    "ha", "hb", "hc", "hd", "he", "hf", "hg", "hh", "hi", "hj", "hk", "hl", "hm", "hn", "ho", "hp", "hq", "hr", "hs",
    "ht",
];

/// Those who sit down: few, so that they meet.
pub(super) const GUESTS: [Text; 6] = ["g0", "g1", "g2", "g3", "g4", "g5"];

/// Who owns the live of that id.
pub(super) fn host_of(live: Text) -> Text {
    let index = LIVES.iter().position(|known| *known == live).expect("one of ours");
    HOSTS[index]
}

/// The user of that id: some have a name, some a picture.
pub(super) fn person(id: Text) -> Person<'static> {
    let odd = id.bytes().map(u32::from).sum::<u32>() % 3;
    let name = ["", "Ännchen", "Bob 鲍勃"][odd as usize];
    Person { id, name, avatar: if odd == 2 { "https://cdn.example/b.png" } else { "" } }
}

/// A text of so many bytes, for some numbers.
pub(super) fn long(bytes: usize) -> Text {
    static TEXT: OnceLock<Text> = OnceLock::new();
    let text: Text = TEXT.get_or_init(|| Box::leak("x".repeat(2_049).into_boxed_str()));
    &text[..bytes]
}

/// A crowd, larger than what may be pending for the seats of a live.
pub(super) fn crowd() -> &'static [Text] {
    static CROWD: OnceLock<Vec<Text>> = OnceLock::new();
    CROWD.get_or_init(|| (0..103).map(|i| -> Text { Box::leak(format!("crowd{i}").into_boxed_str()) }).collect())
}
