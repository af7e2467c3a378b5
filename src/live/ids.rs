//! Names of things: validated once, then passed around as types.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;
use uuid::Uuid;

use super::seed::DRAW_BYTES;
use super::time::WallMs;

/// Characters a live's or a user's id may have.
pub const ID_CHARS_MAX: usize = 48;
/// Bytes an idempotency key may have: two UUIDs and a word.
pub const SCORE_KEY_BYTES_MAX: usize = 128;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdFault {
    /// Too short or too long.
    #[error("must have 1 to {max} characters, found {found}")]
    Length {
        /// The limit.
        max: usize,
        /// What was given.
        found: usize,
    },
    /// A character that is not allowed at its place.
    #[error("must begin with a letter, digit or _ and go on with letters, digits and _ . @ : - only")]
    Character,
    /// Not a battle id as this server makes them.
    #[error("must be a battle id as answered by the server (a UUID)")]
    NotABattle,
    /// A key with control or non-ASCII characters.
    #[error("must have printable ASCII characters only")]
    Unprintable,
}

fn checked(text: &str) -> Result<Arc<str>, IdFault> {
    // Every allowed character is one byte, so bytes count characters wherever the second check passes.
    if text.is_empty() || text.len() > ID_CHARS_MAX {
        return Err(IdFault::Length { max: ID_CHARS_MAX, found: text.chars().count() });
    }
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let first = text.bytes().next().is_some_and(word);
    if first && text.bytes().all(|byte| word(byte) || b".@:-".contains(&byte)) {
        Ok(Arc::from(text))
    } else {
        Err(IdFault::Character)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident $example:literal $description:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks `text`: 1 to [`ID_CHARS_MAX`] characters, `[A-Za-z0-9_][A-Za-z0-9_.@:-]*`.
            ///
            /// # Errors
            /// What is wrong with it, in words for the client.
            pub fn new(text: &str) -> Result<Self, IdFault> {
                checked(text).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(deserializer)?;
                Self::new(&text).map_err(D::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "description": $description,
                    "minLength": 1,
                    "maxLength": ID_CHARS_MAX,
                    "pattern": ID_PATTERN,
                    "examples": [$example],
                })
            }
        }
    };
}

/// [`checked`], as a regular expression.
const ID_PATTERN: &str = "^[A-Za-z0-9_][A-Za-z0-9_.@:-]*$";

text_id! {
    /// A live: one host's room. Chosen by whoever creates it.
    LiveId "a" "A live: one host's room. Chosen by whoever creates it; unique while the live lasts."
}
text_id! {
    /// A user, as the business names them (the `sub` of a token).
    UserId "alice" "A user, as the business names them (the `sub` of a token)."
}

impl UserId {
    /// Sorts before every user.
    pub(super) fn first() -> Self {
        Self(Arc::from(""))
    }
}

/// A battle, named by the server: a UUID of version 7, so that ids sort by time; the rest of it nobody can guess.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BattleId(Uuid);

impl BattleId {
    /// Reads an id as the server wrote it.
    ///
    /// # Errors
    /// [`IdFault::NotABattle`].
    pub fn parse(text: &str) -> Result<Self, IdFault> {
        Uuid::try_parse(text).map(Self).map_err(|_| IdFault::NotABattle)
    }

    /// Its sixteen bytes, as stores keep them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id of sixteen bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The id made of a wall-clock time in ms and ten bytes drawn from a seed (RFC 9562 §5.7).
    #[must_use]
    pub fn from_parts(wall_ms: u64, random: &[u8; DRAW_BYTES]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(wall_ms, random).into_uuid())
    }

    /// When it was asked for: the time that it was made of.
    #[must_use]
    pub fn time(self) -> WallMs {
        let [a, b, c, d, e, f, ..] = *self.0.as_bytes();
        WallMs(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }
}

impl fmt::Display for BattleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for BattleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for BattleId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for BattleId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

impl JsonSchema for BattleId {
    fn schema_name() -> Cow<'static, str> {
        "BattleId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "uuid",
            "description": "A battle, numbered by the server; ids sort by time (UUID version 7).",
            "examples": ["019cb0d2-d380-7abc-8def-0123456789ab"],
        })
    }
}

/// The idempotency key of a change of scores. Its scope is the battle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScoreKey {
    /// The first bytes of the text, zeros after its end: the order of most keys without a look at the text, which lies
    /// somewhere else for each of a million. The order stays that of the texts, which have no zeros.
    head: [u8; 8],
    text: Arc<str>,
}

impl ScoreKey {
    /// Checks `text`: 1 to [`SCORE_KEY_BYTES_MAX`] printable ASCII characters.
    ///
    /// # Errors
    /// What is wrong with it, in words for the client.
    pub fn new(text: &str) -> Result<Self, IdFault> {
        if text.is_empty() || text.len() > SCORE_KEY_BYTES_MAX {
            return Err(IdFault::Length { max: SCORE_KEY_BYTES_MAX, found: text.chars().count() });
        }
        if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            let mut head = [0; 8];
            head.iter_mut().zip(text.bytes()).for_each(|(byte, own)| *byte = own);
            Ok(Self { head, text: Arc::from(text) })
        } else {
            Err(IdFault::Unprintable)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// A stage: the picture and the sound that the viewers of a live (alone) or of a connection (together) get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StageId(pub u64);

/// A connection inside this server. Clients see its lives, never this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConnectionId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_1_to_48_allowed_characters_and_does_not_begin_with_punctuation() {
        for good in ["a", "_", "0", "alice@example.com", "room:1", "A-b_c.d", &"x".repeat(48)] {
            assert_eq!(LiveId::new(good).map(|id| id.to_string()), Ok(good.to_owned()));
        }
        assert_eq!(LiveId::new(""), Err(IdFault::Length { max: 48, found: 0 }));
        assert_eq!(LiveId::new(&"x".repeat(49)), Err(IdFault::Length { max: 48, found: 49 }));
        for bad in [".a", "-a", ":a", "@a", "a b", "a/b", "a\n", "ä", "a\u{0}", "a%2f"] {
            assert_eq!(UserId::new(bad), Err(IdFault::Character), "{bad:?}");
        }
    }

    #[test]
    fn a_battle_id_reads_back_as_it_was_written_and_sorts_by_time() {
        let early = BattleId::from_parts(1_790_000_000_000, &[0xff; 10]);
        let late = BattleId::from_parts(1_790_000_000_001, &[0; 10]);
        assert!(early < late);
        assert_eq!((early.time().0, late.time().0), (1_790_000_000_000, 1_790_000_000_001));
        assert_eq!(BattleId::parse(&early.to_string()), Ok(early));
        assert_eq!(BattleId::parse("../etc"), Err(IdFault::NotABattle));
    }

    #[test]
    fn a_score_key_is_short_and_printable() {
        assert!(ScoreKey::new("gift-778").is_ok());
        assert_eq!(ScoreKey::new("a\tb"), Err(IdFault::Unprintable));
        assert_eq!(ScoreKey::new(""), Err(IdFault::Length { max: 128, found: 0 }));
        assert!(ScoreKey::new(&"k".repeat(129)).is_err());
    }

    #[test]
    fn keys_sort_as_their_texts_do() {
        let texts = ["a", "a ", "a0000000", "a00000000", "a00000001", "aaaaaaaa", "b", "~~~~~~~~~"];
        let keys = texts.map(|text| ScoreKey::new(text).unwrap());
        assert!(keys.is_sorted_by(|before, after| before < after), "{keys:?}");
        assert!(texts.is_sorted() && keys.iter().zip(texts).all(|(key, text)| key.as_str() == text));
    }
}
