//! JSON Web Tokens: HS256 or EdDSA, by configured key ids.
//!
//! **Invariant:** the key decides the algorithm, never the token: `none` and RS→HS confusion have nothing to grip.
//! **Invariant:** every way in which a token can be wrong ends in [`Refused`], and `api` answers it with 401.

use std::collections::BTreeMap;

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

/// What a token says, RFC 7519 §4.1 and ours. Unknown claims are ignored, as the RFC wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The userId.
    pub sub: String,
    /// The user's name, as the picture shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What kind of user.
    pub role: Role,
    /// The liveId it is for, or `*` for any.
    #[serde(default)]
    pub live: String,
    /// Seconds since 1970 from which it is no good. Required.
    #[serde(deserialize_with = "numeric_date")]
    pub exp: u64,
    /// Seconds since 1970 before which it is no good.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_numeric_date")]
    pub nbf: Option<u64>,
    /// For whom it was made; checked when an audience is configured or the token names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
}

/// One audience or several, RFC 7519 §4.1.3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// A single string.
    One(String),
    /// An array of strings.
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

/// What a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The business backend: acts for any live, and alone changes scores.
    Admin,
    /// Owns lives and publishes in them.
    Host,
    /// Takes a seat in a host's live.
    Guest,
    /// Watches.
    Audience,
}

/// What a key is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verifying {
    /// HS256 with this shared secret, at least [`SECRET_BYTES_MIN`] bytes.
    Hs256(Vec<u8>),
    /// EdDSA (Ed25519) with this public key: 32 bytes in base64url without padding, the `x` of a JWK.
    EdDsa(String),
}

/// Why a key was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyRefused {
    /// HS256 secrets below the size of the hash can be guessed (RFC 7518 §3.2).
    #[error("key {id:?}: the secret has {found} bytes, at least {SECRET_BYTES_MIN} are needed (RFC 7518 §3.2)")]
    SecretTooShort {
        /// Which.
        id: String,
        /// Its bytes.
        found: usize,
    },
    /// Not an Ed25519 public key.
    #[error("key {id:?}: the public key is not 32 bytes in base64url without padding (the x of a JWK)")]
    PublicKey {
        /// Which.
        id: String,
    },
    /// The same id twice.
    #[error("key id {id:?} stands twice")]
    Twice {
        /// Which.
        id: String,
    },
    /// Only HS256 keys sign.
    #[error("no HS256 key is configured, and only those can sign")]
    NoSigner,
    /// More keys than a rotation needs.
    #[error("{found} keys are more than {KEYS_MAX}")]
    TooMany {
        /// How many.
        found: usize,
    },
}

/// Why a token is refused. Every one is a 401.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// Beyond any token that we or a backend mints.
    #[error("the token has {found} bytes, at most {TOKEN_BYTES_MAX} are read")]
    TooLong {
        /// Its bytes.
        found: usize,
    },
    /// Not three base64url parts with JSON in them, or an algorithm that nobody has.
    #[error("the token is not a JWT signed with HS256 or EdDSA")]
    Malformed,
    /// A critical extension that this server does not know (RFC 7515 §4.1.11).
    #[error("the token has critical headers, and none is known here")]
    Critical,
    /// No key of that id.
    #[error("the token's key id is not configured here; check its `kid`")]
    UnknownKey,
    /// The token's algorithm is not its key's.
    #[error("the token's algorithm is not the one of its key")]
    Algorithm,
    /// The signature or the claims' shape is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// A claim is missing or of the wrong type.
    #[error("the token's claims need: sub (1 to 48 characters), role (admin, host, guest, audience), exp (a number)")]
    Claims,
    /// A name that nobody could read in a picture.
    #[error("the token's `name` has {found} bytes, at most {NAME_BYTES_MAX} are taken")]
    Name {
        /// Its bytes.
        found: usize,
    },
    /// Too late.
    #[error("the token has expired; get a new one")]
    Expired,
    /// Too early.
    #[error("the token is not valid yet; check both clocks")]
    NotYet,
    /// For somebody else.
    #[error("the token is for another audience; check its `aud`")]
    Audience,
}

struct Key {
    algorithm: Algorithm,
    decoding: DecodingKey,
    signing: Option<EncodingKey>,
}

/// The configured keys; verifies tokens, and mints them with the first HS256 key.
pub struct Keys {
    keys: BTreeMap<String, Key>,
    signer: Option<String>,
    audience: Option<String>,
}

impl Keys {
    /// Takes keys by id. With `audience` set, each token must name it.
    ///
    /// # Errors
    /// See [`KeyRefused`].
    pub fn new(keys: Vec<(String, Verifying)>, audience: Option<String>) -> Result<Self, KeyRefused> {
        if keys.len() > KEYS_MAX {
            return Err(KeyRefused::TooMany { found: keys.len() });
        }
        let mut taken = Self { keys: BTreeMap::new(), signer: None, audience };
        for (id, verifying) in keys {
            let key = key(&id, &verifying)?;
            if key.signing.is_some() && taken.signer.is_none() {
                taken.signer = Some(id.clone());
            }
            if taken.keys.insert(id.clone(), key).is_some() {
                return Err(KeyRefused::Twice { id });
            }
        }
        Ok(taken)
    }

    /// Checks a token at `wall_ms` (since 1970) and answers its claims.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn verify(&self, wall_ms: u64, token: &str) -> Result<Claims, Refused> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Refused::TooLong { found: token.len() });
        }
        let header = decode_header(token).map_err(|_| Refused::Malformed)?;
        if header.crit.is_some() {
            return Err(Refused::Critical);
        }
        let key = match (&header.kid, self.keys.len()) {
            (Some(id), _) => self.keys.get(id),
            (None, 1) => self.keys.values().next(),
            (None, _) => None,
        };
        let key = key.ok_or(Refused::UnknownKey)?;
        if header.alg != key.algorithm {
            return Err(Refused::Algorithm);
        }
        let shape = |error: Error| {
            if matches!(error.kind(), ErrorKind::Json(_)) { Refused::Claims } else { Refused::Signature }
        };
        let claims = decode::<Claims>(token, &key.decoding, &signature_only(key.algorithm)).map_err(shape)?.claims;
        self.check(wall_ms / 1000, claims)
    }

    fn check(&self, now_seconds: u64, claims: Claims) -> Result<Claims, Refused> {
        if crate::live::UserId::new(&claims.sub).is_err() {
            return Err(Refused::Claims);
        }
        if let Some(name) = claims.name.as_ref().filter(|name| name.len() > NAME_BYTES_MAX) {
            return Err(Refused::Name { found: name.len() });
        }
        if claims.exp.saturating_add(SKEW_SECONDS) <= now_seconds {
            return Err(Refused::Expired);
        }
        if claims.nbf.is_some_and(|nbf| nbf > now_seconds.saturating_add(SKEW_SECONDS)) {
            return Err(Refused::NotYet);
        }
        match (&self.audience, &claims.aud) {
            (None, None) => Ok(claims),
            (Some(ours), Some(theirs)) if theirs.names(ours) => Ok(claims),
            (Some(_), _) | (None, Some(_)) => Err(Refused::Audience),
        }
    }

    /// Signs `claims` with the first HS256 key; the configured audience is added.
    ///
    /// # Errors
    /// [`KeyRefused::NoSigner`] without such a key.
    pub fn mint(&self, claims: &Claims) -> Result<String, KeyRefused> {
        let id = self.signer.as_ref().ok_or(KeyRefused::NoSigner)?;
        let key = self.keys.get(id).and_then(|key| key.signing.as_ref()).ok_or(KeyRefused::NoSigner)?;
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(id.clone());
        let mut claims = claims.clone();
        claims.aud = claims.aud.or_else(|| self.audience.clone().map(Audience::One));
        encode(&header, &claims, key).map_err(|_| KeyRefused::NoSigner)
    }
}

fn key(id: &str, verifying: &Verifying) -> Result<Key, KeyRefused> {
    match verifying {
        Verifying::Hs256(secret) if secret.len() < SECRET_BYTES_MIN => {
            Err(KeyRefused::SecretTooShort { id: id.to_owned(), found: secret.len() })
        }
        Verifying::Hs256(secret) => Ok(Key {
            algorithm: Algorithm::HS256,
            decoding: DecodingKey::from_secret(secret),
            signing: Some(EncodingKey::from_secret(secret)),
        }),
        Verifying::EdDsa(x) => {
            let refused = || KeyRefused::PublicKey { id: id.to_owned() };
            let decoding = DecodingKey::from_ed_components(x).map_err(|_| refused())?;
            match decoding.try_get_as_bytes() {
                Ok(bytes) if bytes.len() == 32 => Ok(Key { algorithm: Algorithm::EdDSA, decoding, signing: None }),
                Ok(_) | Err(_) => Err(refused()),
            }
        }
    }
}

/// The library checks the signature; times and audience are checked here, with the clock that `app` hands in.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

/// RFC 7519 §2: a NumericDate is a JSON number, fractions allowed. A string is none.
fn numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Whole(u64),
        Fraction(f64),
    }
    match Number::deserialize(deserializer)? {
        Number::Whole(seconds) => Ok(seconds),
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "range checked in the guard")]
        Number::Fraction(seconds) if (0.0..1e15).contains(&seconds) => Ok(seconds as u64),
        Number::Fraction(_) => Err(serde::de::Error::custom("a NumericDate is 0 to 1e15 seconds")),
    }
}

fn optional_numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    numeric_date(deserializer).map(Some)
}

/// How far the clocks of a token's maker and of this server may be apart, seconds.
const SKEW_SECONDS: u64 = 30;

/// Longest token that is read at all, bytes. Ours have about 250; backends add claims. Larger ones are hostile.
const TOKEN_BYTES_MAX: usize = 4096;

/// Shortest HS256 secret, bytes: the size of the hash (RFC 7518 §3.2).
pub const SECRET_BYTES_MIN: usize = 32;

/// Keys at once: the present one, the next, and a few backends.
const KEYS_MAX: usize = 16;

/// Longest user name in a token, bytes; the interface's limit of names.
const NAME_BYTES_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW_MS: u64 = 1_790_000_000_000;
    const NOW: u64 = NOW_MS / 1000;
    const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

    fn keys(audience: Option<&str>) -> Keys {
        let keys = vec![("k1".to_owned(), Verifying::Hs256(SECRET.to_vec()))];
        Keys::new(keys, audience.map(str::to_owned)).unwrap()
    }

    fn good() -> Value {
        json!({"sub": "alice", "role": "host", "live": "a", "exp": NOW + 60})
    }

    fn sign(header: &Header, claims: &Value, secret: &[u8]) -> String {
        encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    fn with(claims: Value, change: Value) -> Value {
        let (Value::Object(mut claims), Value::Object(change)) = (claims, change) else { panic!("objects") };
        for (name, value) in change {
            if value.is_null() {
                claims.remove(&name)
            } else {
                claims.insert(name, value)
            };
        }
        Value::Object(claims)
    }

    fn verify(claims: &Value) -> Result<Claims, Refused> {
        keys(None).verify(NOW_MS, &sign(&Header::default(), claims, SECRET))
    }

    #[test]
    fn minted_token_verifies_and_carries_its_claims() {
        let keys = keys(Some("costage"));
        let claims = Claims {
            sub: "alice".into(),
            name: Some("Alice".into()),
            role: Role::Host,
            live: "a".into(),
            exp: NOW + 5,
            nbf: None,
            aud: None,
        };
        let found = keys.verify(NOW_MS, &keys.mint(&claims).unwrap()).unwrap();
        assert_eq!(found, Claims { aud: Some(Audience::One("costage".into())), ..claims });
    }

    #[test]
    fn claims_of_the_wrong_shape_are_refused() {
        for change in [
            json!({"exp": null}),
            json!({"exp": (NOW + 60).to_string()}),
            json!({"exp": -1}),
            json!({"exp": 1e300}),
            json!({"sub": null}),
            json!({"sub": ""}),
            json!({"sub": "a b"}),
            json!({"sub": 7}),
            json!({"sub": "x".repeat(49)}),
            json!({"role": "root"}),
            json!({"role": null}),
            json!({"nbf": "soon"}),
        ] {
            assert_eq!(verify(&with(good(), change.clone())), Err(Refused::Claims), "{change}");
        }
    }

    #[test]
    fn a_name_of_more_than_100_bytes_is_refused_with_its_length() {
        assert!(verify(&with(good(), json!({"name": "x".repeat(100)}))).is_ok());
        let refused = verify(&with(good(), json!({"name": "ä".repeat(51)}))).unwrap_err();
        assert_eq!(refused.to_string(), "the token's `name` has 102 bytes, at most 100 are taken");
    }

    #[test]
    fn clock_skew_of_30_seconds_is_borne_and_31_are_not() {
        assert!(verify(&with(good(), json!({"exp": NOW - 29}))).is_ok());
        assert_eq!(verify(&with(good(), json!({"exp": NOW - 30}))), Err(Refused::Expired));
        assert!(verify(&with(good(), json!({"nbf": NOW + 30}))).is_ok());
        assert_eq!(verify(&with(good(), json!({"nbf": NOW + 31}))), Err(Refused::NotYet));
        assert!(verify(&with(good(), json!({"exp": NOW as f64 + 0.5}))).is_ok());
    }

    #[test]
    fn audience_is_checked_when_configured_or_named() {
        let aud = |value: Value| sign(&Header::default(), &with(good(), json!({"aud": value})), SECRET);
        assert!(keys(Some("us")).verify(NOW_MS, &aud(json!("us"))).is_ok());
        assert!(keys(Some("us")).verify(NOW_MS, &aud(json!(["them", "us"]))).is_ok());
        assert_eq!(keys(Some("us")).verify(NOW_MS, &aud(json!("them"))), Err(Refused::Audience));
        assert_eq!(keys(Some("us")).verify(NOW_MS, &aud(Value::Null)), Err(Refused::Audience));
        assert_eq!(keys(None).verify(NOW_MS, &aud(json!("us"))), Err(Refused::Audience));
    }

    #[test]
    fn algorithm_none_and_foreign_algorithms_are_refused() {
        // {"alg":"none","typ":"JWT"} . claims . (nothing)
        let payload = sign(&Header::default(), &good(), SECRET);
        let payload = payload.split('.').nth(1).unwrap();
        for header in ["eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJOb25lIn0"] {
            assert_eq!(keys(None).verify(NOW_MS, &format!("{header}.{payload}.")), Err(Refused::Malformed));
        }
        let hs512 = sign(&Header::new(Algorithm::HS512), &good(), SECRET);
        assert_eq!(keys(None).verify(NOW_MS, &hs512), Err(Refused::Algorithm));
    }

    #[test]
    fn public_key_used_as_hmac_secret_is_refused() {
        // RFC 8037 appendix A: the public key of the example.
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let keys = Keys::new(vec![("ed".into(), Verifying::EdDsa(x.into()))], None).unwrap();
        let forged = sign(&Header::default(), &good(), x.as_bytes());
        assert_eq!(keys.verify(NOW_MS, &forged), Err(Refused::Algorithm));
    }

    #[test]
    fn wrong_secret_unknown_kid_and_rubbish_are_refused() {
        let other = sign(&Header::default(), &good(), b"another secret of thirty-two byte");
        assert_eq!(keys(None).verify(NOW_MS, &other), Err(Refused::Signature));
        let header = Header { kid: Some("../../etc/passwd".into()), ..Header::default() };
        assert_eq!(keys(None).verify(NOW_MS, &sign(&header, &good(), SECRET)), Err(Refused::UnknownKey));
        for rubbish in ["", ".", "..", "a.b.c", "é.é.é", "null"] {
            assert_eq!(keys(None).verify(NOW_MS, rubbish), Err(Refused::Malformed), "{rubbish:?}");
        }
        assert_eq!(keys(None).verify(NOW_MS, &"x".repeat(100_000)), Err(Refused::TooLong { found: 100_000 }));
    }

    #[test]
    fn token_without_kid_needs_a_single_key() {
        let two = vec![
            ("k1".to_owned(), Verifying::Hs256(SECRET.to_vec())),
            ("k2".to_owned(), Verifying::Hs256(vec![7; 32])),
        ];
        let two = Keys::new(two, None).unwrap();
        assert_eq!(two.verify(NOW_MS, &sign(&Header::default(), &good(), SECRET)), Err(Refused::UnknownKey));
    }

    #[test]
    fn weak_or_broken_keys_are_refused() {
        let new = |verifying| Keys::new(vec![("k".to_owned(), verifying)], None).map(|_| ());
        assert_eq!(new(Verifying::Hs256(vec![0; 31])), Err(KeyRefused::SecretTooShort { id: "k".into(), found: 31 }));
        assert_eq!(new(Verifying::EdDsa("AAAA".into())), Err(KeyRefused::PublicKey { id: "k".into() }));
        assert_eq!(new(Verifying::EdDsa("///".into())), Err(KeyRefused::PublicKey { id: "k".into() }));
        let twice =
            vec![("k".to_owned(), Verifying::Hs256(vec![1; 32])), ("k".to_owned(), Verifying::Hs256(vec![2; 32]))];
        assert_eq!(Keys::new(twice, None).map(|_| ()), Err(KeyRefused::Twice { id: "k".into() }));
    }
}
