//! An ICE-lite responder (RFC 8445 §2.5): it answers checks, the client decides.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rtc::crypto::RTCCrypto;
use rtc::shared::error::Error as RtcError;
use rtc::stun::attributes::{
    ATTR_FINGERPRINT, ATTR_ICE_CONTROLLED, ATTR_MESSAGE_INTEGRITY, ATTR_USE_CANDIDATE, ATTR_USERNAME, AttrType,
};
use rtc::stun::error_code::{CODE_ROLE_CONFLICT, ErrorCodeAttribute};
use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{BINDING_ERROR, BINDING_REQUEST, BINDING_SUCCESS, Message, Setter};
use rtc::stun::xoraddr::XorMappedAddress;
use thiserror::Error;

use super::random;

/// Time for a first authentic check after the answer; later ones mean that the client has given up.
pub(crate) const FIRST_CHECK_MAX: Duration = Duration::from_secs(10);
/// RFC 7675 §5.1: consent expires 30 seconds after the last check.
pub(crate) const CONSENT_MAX: Duration = Duration::from_secs(30);
/// Bytes of a check. Real ones have 60 to 150; RFC 8445 §7.2 keeps them below any MTU.
const CHECK_BYTES_MAX: usize = 576;
/// Letters of our ufrags: 48 random bits, so that two sessions never share one.
const UFRAG_LETTERS: usize = 8;
/// Letters of our passwords: 144 random bits; RFC 8445 §5.3 asks for 128.
const PASSWORD_LETTERS: usize = 24;

/// Name and password of an ICE session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// The part of a check's USERNAME before the colon.
    pub(crate) ufrag: String,
    /// The key of its MESSAGE-INTEGRITY.
    pub(crate) password: String,
}

impl Credentials {
    /// New random ones.
    pub(crate) fn random() -> Self {
        Self { ufrag: random::ice_text(UFRAG_LETTERS), password: random::ice_text(PASSWORD_LETTERS) }
    }
}

/// A way to the client: its address, and ours that it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path {
    /// The client's.
    pub(crate) remote: SocketAddr,
    /// Ours.
    pub(crate) local: Option<IpAddr>,
}

/// An authentic check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// To send back on the same path.
    pub(crate) reply: Vec<u8>,
    /// Whether it succeeded: a role conflict is answered too, but proves no path.
    pub(crate) valid: bool,
    /// The credentials of an earlier ICE session have been given up: nobody need route them here any more.
    pub(crate) retired: Option<String>,
}

/// Why a datagram is no check of this session. Never answered: a stranger learns nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum CheckRefused {
    /// Not a well-formed binding request.
    #[error("not a binding request")]
    NotACheck,
    /// Its USERNAME is none of ours.
    #[error("unknown ufrag")]
    UnknownUfrag,
    /// MESSAGE-INTEGRITY or FINGERPRINT is missing or wrong.
    #[error("not authentic")]
    NotAuthentic,
}

/// The ICE state of one session.
#[derive(Debug)]
pub(crate) struct Ice {
    credentials: Credentials,
    /// Of before a restart; valid until the new ones are used (RFC 8445 §9).
    earlier: Option<Credentials>,
    selected: Option<Path>,
    nominated: bool,
    expires: Instant,
    connected: bool,
}

impl Ice {
    /// Waits for checks from `now` on.
    pub(crate) fn new(now: Instant, credentials: Credentials) -> Self {
        let expires = now + FIRST_CHECK_MAX;
        Self { credentials, earlier: None, selected: None, nominated: false, expires, connected: false }
    }

    /// Where to send.
    pub(crate) fn selected(&self) -> Option<Path> {
        self.selected
    }

    /// When the client counts as gone.
    pub(crate) fn expires(&self) -> Instant {
        self.expires
    }

    /// Whether there has been any authentic check.
    pub(crate) fn connected(&self) -> bool {
        self.connected
    }

    /// Takes the credentials of a restart. An unfinished earlier restart is forgotten: its ufrag is returned.
    pub(crate) fn restart(&mut self, credentials: Credentials) -> Option<String> {
        let replaced = std::mem::replace(&mut self.credentials, credentials);
        if self.earlier.is_some() {
            return Some(replaced.ufrag);
        }
        self.earlier = Some(replaced);
        None
    }

    /// Takes a datagram that looks like STUN.
    ///
    /// # Errors
    /// See [`CheckRefused`]; nothing has changed then.
    pub(crate) fn handle(
        &mut self,
        now: Instant,
        path: Path,
        datagram: &[u8],
        crypto: &dyn RTCCrypto,
    ) -> Result<Check, CheckRefused> {
        let mut message = parse(datagram)?;
        let current = self.find(&message)?;
        let key = if current { &self.credentials } else { self.earlier.as_ref().unwrap_or(&self.credentials) };
        let password = key.password.clone();
        verify(&mut message, password.as_bytes(), crypto)?;
        // RFC 8445 §7.3.1.1: a lite agent is always controlled; a peer that thinks so of itself must switch.
        if message.contains(ATTR_ICE_CONTROLLED) {
            let reply = write_conflict(&message, &password, crypto).ok_or(CheckRefused::NotACheck)?;
            return Ok(Check { reply, valid: false, retired: None });
        }
        let reply = write_success(&message, path.remote, &password, crypto).ok_or(CheckRefused::NotACheck)?;
        self.connected = true;
        self.expires = now + CONSENT_MAX;
        let nominates = message.contains(ATTR_USE_CANDIDATE);
        let retired = if current { self.retire() } else { None };
        if retired.is_some() {
            self.nominated = false;
        }
        self.select(path, nominates, current);
        Ok(Check { reply, valid: true, retired })
    }

    fn retire(&mut self) -> Option<String> {
        self.earlier.take().map(|earlier| earlier.ufrag)
    }

    /// A nominated path wins; before any nomination the latest authentic one will do, since DTLS may begin before
    /// nomination. A repeated nomination of another path is the client roaming.
    fn select(&mut self, path: Path, nominates: bool, current: bool) {
        // The same client by another of our addresses is no roaming.
        let same = self.selected.is_some_and(|selected| selected.remote == path.remote);
        if same || !self.nominated || (nominates && current) {
            self.selected = Some(path);
        }
        self.nominated |= nominates;
    }

    /// Whether the USERNAME is that of the current ICE session (or of the earlier).
    fn find(&self, message: &Message) -> Result<bool, CheckRefused> {
        let username = message.get(ATTR_USERNAME).map_err(|_| CheckRefused::UnknownUfrag)?;
        let ufrag = username.split(|byte| *byte == b':').next().unwrap_or(&[]);
        if ufrag == self.credentials.ufrag.as_bytes() {
            return Ok(true);
        }
        match &self.earlier {
            Some(earlier) if ufrag == earlier.ufrag.as_bytes() => Ok(false),
            Some(_) | None => Err(CheckRefused::UnknownUfrag),
        }
    }
}

/// Whether a datagram is STUN, by its first byte and cookie (RFC 7983 §7, RFC 8489 §5).
pub(crate) fn is_stun(datagram: &[u8]) -> bool {
    datagram.len() >= 20 && datagram[0] < 4 && datagram[4..8] == [0x21, 0x12, 0xa4, 0x42]
}

/// The ufrag in a check's USERNAME that names its receiver, read without allocating: the demultiplexer asks this of every
/// STUN datagram.
pub(crate) fn ufrag_of(datagram: &[u8]) -> Option<&str> {
    if !is_stun(datagram) || datagram.len() > CHECK_BYTES_MAX {
        return None;
    }
    let mut attributes = &datagram[20..];
    while let Some(header) = attributes.get(..4) {
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let value = attributes.get(4..4 + length)?;
        if AttrType(u16::from_be_bytes([header[0], header[1]])) == ATTR_USERNAME {
            let ufrag = value.split(|byte| *byte == b':').next()?;
            return std::str::from_utf8(ufrag).ok();
        }
        attributes = attributes.get(4 + length.next_multiple_of(4)..)?;
    }
    None
}

fn parse(datagram: &[u8]) -> Result<Message, CheckRefused> {
    if !is_stun(datagram) || datagram.len() > CHECK_BYTES_MAX {
        return Err(CheckRefused::NotACheck);
    }
    let mut message = Message::new();
    message.unmarshal_binary(datagram).map_err(|_| CheckRefused::NotACheck)?;
    if message.typ != BINDING_REQUEST {
        return Err(CheckRefused::NotACheck);
    }
    Ok(message)
}

/// PRIORITY and ICE-CONTROLLING are not asked for: ffmpeg's checks have neither.
fn verify(message: &mut Message, password: &[u8], crypto: &dyn RTCCrypto) -> Result<(), CheckRefused> {
    if message.contains(ATTR_FINGERPRINT) {
        FINGERPRINT.check(message).map_err(|_| CheckRefused::NotAuthentic)?;
    }
    if !message.contains(ATTR_MESSAGE_INTEGRITY) {
        return Err(CheckRefused::NotAuthentic);
    }
    MessageIntegrity::check(message, password, crypto).map_err(|_| CheckRefused::NotAuthentic)
}

fn write_success(request: &Message, from: SocketAddr, password: &str, crypto: &dyn RTCCrypto) -> Option<Vec<u8>> {
    let mapped = XorMappedAddress { ip: from.ip(), port: from.port() };
    write(request, BINDING_SUCCESS, &mapped, password, crypto).ok()
}

fn write_conflict(request: &Message, password: &str, crypto: &dyn RTCCrypto) -> Option<Vec<u8>> {
    let error = ErrorCodeAttribute { code: CODE_ROLE_CONFLICT, reason: b"Role Conflict".to_vec() };
    write(request, BINDING_ERROR, &error, password, crypto).ok()
}

fn write(
    request: &Message,
    kind: rtc::stun::message::MessageType,
    attribute: &dyn Setter,
    password: &str,
    crypto: &dyn RTCCrypto,
) -> Result<Vec<u8>, RtcError> {
    let mut reply = Message::new();
    reply.typ = kind;
    reply.transaction_id = request.transaction_id;
    reply.write_header();
    attribute.add_to(&mut reply)?;
    MessageIntegrity::new_raw_integrity_with_provider(password.as_bytes(), crypto).add_to(&mut reply)?;
    FINGERPRINT.add_to(&mut reply)?;
    Ok(reply.raw)
}

#[cfg(test)]
mod tests;
