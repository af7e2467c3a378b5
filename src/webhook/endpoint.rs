//! What is configured of a receiver, checked.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use reqwest::Url;
use thiserror::Error;

use super::sign::{SecretFault, SigningKey};
use crate::live::CallbackKind;
use crate::outgoing::{NotPublic, public};

/// Bytes of a name: it stands in metrics and on command lines.
const NAME_BYTES_MAX: usize = 64;
/// Keys that sign at once: the old one, the new one, and room for a mistake.
const KEYS_MAX: usize = 8;

/// A receiver of webhooks.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its name: its place in the outbox is kept by it.
    pub name: String,
    /// Where events are posted.
    pub url: Url,
    /// What they are signed with, all at once.
    pub keys: Arc<[SigningKey]>,
    /// Which are wanted, by type; `None`: all.
    pub kinds: Option<Arc<BTreeSet<String>>>,
    /// Whether it may be at an address that is not public.
    pub allow_private: bool,
}

/// What is wrong with one, in the words of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EndpointFault {
    /// Its name.
    #[error("name: 1 to {NAME_BYTES_MAX} letters, digits, `-`, `_` and `.`, found {found:?}")]
    Name {
        /// What stands there.
        found: String,
    },
    /// Not a URL.
    #[error("url: {found:?} is no address to post to: write https://host/path")]
    Url {
        /// What stands there.
        found: String,
    },
    /// A user or a password in it.
    #[error("url: leave out user and password: a receiver knows costage by the signature")]
    Login,
    /// An address that nothing is sent to.
    #[error("url: {0}")]
    NotPublic(#[from] NotPublic),
    /// None, or too many.
    #[error("secrets: 1 to {KEYS_MAX} are needed, found {found}; make one: echo \"whsec_$(openssl rand -base64 32)\"")]
    Secrets {
        /// How many.
        found: usize,
    },
    /// One of them.
    #[error("secrets: number {number}: {fault}")]
    Secret {
        /// Which, from 1.
        number: usize,
        /// What is wrong with it.
        fault: SecretFault,
    },
    /// A type of events that there is not.
    #[error("events: there is no {found:?}; there are {}", all_kinds())]
    Kind {
        /// What stands there.
        found: String,
    },
}

fn all_kinds() -> String {
    CallbackKind::ALL.map(CallbackKind::word).join(", ")
}

impl Endpoint {
    /// Checks what was configured; without `events` all are wanted.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn new<'a>(
        name: &str,
        url: &str,
        secrets: impl Iterator<Item = &'a str>,
        events: &[String],
        allow_private: bool,
    ) -> Result<Self, EndpointFault> {
        let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(named) {
            return Err(EndpointFault::Name { found: name.to_owned() });
        }
        let unfit = || EndpointFault::Url { found: url.to_owned() };
        let parsed = Url::parse(url).ok().filter(|url| ["http", "https"].contains(&url.scheme())).ok_or_else(unfit)?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(EndpointFault::Login);
        }
        let host = parsed.host_str().filter(|host| !host.is_empty()).ok_or_else(unfit)?;
        if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>()
            && !allow_private
        {
            public(address)?;
        }
        let keys: Result<Vec<_>, _> = (1..)
            .zip(secrets)
            .map(|(number, text)| SigningKey::parse(text).map_err(|fault| EndpointFault::Secret { number, fault }))
            .collect();
        let keys = keys?;
        if keys.is_empty() || keys.len() > KEYS_MAX {
            return Err(EndpointFault::Secrets { found: keys.len() });
        }
        if let Some(found) = events.iter().find(|event| CallbackKind::of_word(event).is_none()) {
            return Err(EndpointFault::Kind { found: found.clone() });
        }
        let kinds = (!events.is_empty()).then(|| Arc::new(events.iter().cloned().collect()));
        Ok(Self { name: name.to_owned(), url: parsed, keys: keys.into(), kinds, allow_private })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn endpoint(name: &str, url: &str, secrets: &[&str], events: &[&str]) -> Result<Endpoint, String> {
        let events: Vec<_> = events.iter().map(|event| (*event).to_owned()).collect();
        Endpoint::new(name, url, secrets.iter().copied(), &events, false).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_receiver_that_is_whole_is_taken() {
        let taken = endpoint("crm", "https://example.com/hook?x=1", &[SECRET, SECRET], &["battle.ended"]).unwrap();
        assert_eq!((taken.keys.len(), taken.kinds.unwrap().len()), (2, 1));
        assert!(endpoint("crm", "http://example.com:8080", &[SECRET], &[]).unwrap().kinds.is_none());
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field_and_secrets_are_not_shown() {
        let url = "https://example.com/";
        for (fault, begins) in [
            (endpoint("", url, &[SECRET], &[]), "name: "),
            (endpoint("a b", url, &[SECRET], &[]), "name: "),
            (endpoint("a", "example.com", &[SECRET], &[]), "url: "),
            (endpoint("a", "ftp://example.com", &[SECRET], &[]), "url: "),
            (endpoint("a", "https://me:pw@example.com", &[SECRET], &[]), "url: leave out"),
            (endpoint("a", "http://127.0.0.1:9", &[SECRET], &[]), "url: 127.0.0.1 is not a public"),
            (endpoint("a", "http://2130706433/", &[SECRET], &[]), "url: 127.0.0.1 is not a public"),
            (endpoint("a", url, &[], &[]), "secrets: 1 to 8 are needed"),
            (endpoint("a", url, &[SECRET, "whsec_secret!"], &[]), "secrets: number 2: "),
            (
                endpoint("a", url, &[SECRET], &["battle.over"]),
                "events: there is no \"battle.over\"; there are live.cre",
            ),
        ] {
            let fault = fault.unwrap_err();
            assert!(fault.starts_with(begins) && !fault.contains("secret!"), "{fault}");
        }
    }
}
