//! The values of the configuration that are more than a number or a text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A key that tokens are signed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// The `kid` of its tokens.
    pub id: String,
    /// "HS256" (default) or "EdDSA".
    #[serde(default)]
    pub algorithm: Algorithm,
    /// HS256: the shared secret, at least 32 bytes of text.
    #[serde(default, skip_serializing_if = "Secret::is_empty")]
    pub secret: Secret,
    /// EdDSA: the Ed25519 public key, 32 bytes in base64url without padding (the `x` of a JWK).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub public_key: String,
}

/// How a key signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// A shared secret.
    #[default]
    #[serde(rename = "HS256")]
    Hs256,
    /// An Ed25519 key pair whose private half is elsewhere.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// A STUN or TURN server for clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IceServer {
    /// `stun:host[:port]`, `turn:host[:port][?transport=udp]` or `turns:…`.
    pub url: String,
    /// For TURN. Default "".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub username: String,
    /// For TURN. Default "".
    #[serde(default, skip_serializing_if = "Secret::is_empty")]
    pub credential: Secret,
}

/// A text that is never shown: not in logs, not by `config print`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one who needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(hidden)")
    }
}

/// Size of the mixed picture, pixels; written "720x1280".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanvasSize {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl fmt::Display for CanvasSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for CanvasSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (width, height) = text.split_once('x').unwrap_or_default();
        match (width.parse(), height.parse()) {
            (Ok(width), Ok(height)) => Ok(Self { width, height }),
            (Err(_), _) | (_, Err(_)) => Err(format!("a size is WIDTHxHEIGHT, such as 720x1280; found {text:?}")),
        }
    }
}

impl Serialize for CanvasSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CanvasSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether watching a public live needs a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ViewerTokenRule {
    /// No.
    Optional,
    /// Yes.
    Required,
}

/// Which SIMD level is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Simd {
    /// The best of this CPU.
    Auto,
    /// AVX-512 at most.
    Avx512,
    /// AVX2 at most.
    Avx2,
    /// NEON at most.
    Neon,
    /// None.
    Scalar,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canvas_is_width_x_height() {
        assert_eq!("720x1280".parse(), Ok(CanvasSize { width: 720, height: 1280 }));
        for bad in ["", "720", "720x", "x1280", "720X1280", "720x1280x3", "-1x2"] {
            assert!(bad.parse::<CanvasSize>().is_err(), "{bad}");
        }
    }
}
