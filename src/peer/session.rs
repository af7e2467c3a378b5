//! One session with one client: ICE, DTLS, SRTP and the half that is in use.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use costage_media::packet::{MediaKind, RtpOut};
use costage_media::time::Ntp;
use rtc::crypto::RTCCryptoProvider;
use rtc::rtcp;
use rtc::rtp;
use rtc::shared::marshal::Unmarshal;

use super::dtls::{Link, LinkEvent};
use super::ice::{CheckRefused, Credentials, Ice, Path};
use super::presence::{Change, Presence};
use super::receiving::{Received, Receiving};
use super::registration::{Registration, Restart};
use super::sending::{Sending, Way};
use super::srtp::{Inbound, Sealer, SrtpKeys};
use super::wire::Wire;
use crate::engine::{CloseReason, Datagram, Peer, PeerEvent, Sends};

/// Time from the offer to the keys. ICE has 10 seconds of it; DTLS on a bad path needs the rest.
const HANDSHAKE_MAX: Duration = Duration::from_secs(20);
/// Events that wait for the shard: it drains after every call, so this is one datagram's worth with room.
const EVENTS_MAX: usize = 1_024;

/// RTCP packets that leave together: a sender report with its description, or a receiver report with a request. The largest
/// of ours, a transport-wide report of 50 ms, has about 400 bytes.
const COMPOUND_PACKETS: usize = 2;

/// Media of a session.
pub(crate) enum Half {
    /// A host's.
    Receiving(Box<Receiving>),
    /// A viewer's.
    Sending(Box<Sending>),
}

/// What a session is made of.
pub(crate) struct Parts {
    pub(crate) credentials: Credentials,
    pub(crate) link: LinkStart,
    pub(crate) half: Half,
    pub(crate) wire: Arc<dyn Wire>,
    pub(crate) registration: Registration,
    pub(crate) restart: Arc<Restart>,
    pub(crate) crypto: Arc<dyn RTCCryptoProvider>,
}

/// A DTLS client speaks only when there is a path to speak on.
pub(crate) enum LinkStart {
    /// The client sends the ClientHello.
    Server(Box<Link>),
    /// We do, after the first check.
    Client(Box<dyn FnOnce(Instant) -> Option<Link> + Send>),
}

/// A session; driven by a shard through [`Peer`].
pub(crate) struct Session {
    ice: Ice,
    link: Option<Box<Link>>,
    start: Option<Box<dyn FnOnce(Instant) -> Option<Link> + Send>>,
    half: Half,
    keys: Option<(Inbound, Sealer)>,
    wire: Arc<dyn Wire>,
    registration: Registration,
    restart: Arc<Restart>,
    crypto: Arc<dyn RTCCryptoProvider>,
    handshake_by: Option<Instant>,
    /// A connected host's.
    presence: Option<Presence>,
    events: VecDeque<PeerEvent>,
    closed: bool,
}

impl Session {
    /// Waits for the client from `now` on.
    pub(crate) fn new(now: Instant, parts: Parts) -> Self {
        let (link, start) = match parts.link {
            LinkStart::Server(link) => (Some(link), None),
            LinkStart::Client(start) => (None, Some(start)),
        };
        Self {
            ice: Ice::new(now, parts.credentials),
            link,
            start,
            half: parts.half,
            keys: None,
            wire: parts.wire,
            registration: parts.registration,
            restart: parts.restart,
            crypto: parts.crypto,
            handshake_by: Some(now + HANDSHAKE_MAX),
            presence: None,
            events: VecDeque::new(),
            closed: false,
        }
    }

    /// RFC 7983 §7: the first byte says what a datagram is.
    fn dispatch(&mut self, now: Instant, datagram: Datagram) {
        let path = Path { remote: datagram.from, local: datagram.local };
        match datagram.data.first() {
            Some(0..=3) => self.check(now, path, &datagram.data),
            Some(20..=63) => self.dtls(now, datagram.data),
            Some(128..=191) if is_rtcp(&datagram.data) => self.srtcp(now, &datagram.data),
            Some(128..=191) => self.srtp(now, datagram.received_at, &datagram.data),
            Some(_) | None => {}
        }
    }

    fn check(&mut self, now: Instant, path: Path, data: &[u8]) {
        let mut outcome = self.ice.handle(now, path, data, self.crypto.crypto());
        if outcome == Err(CheckRefused::UnknownUfrag) {
            // A restart was signalled: its credentials wait until somebody uses them.
            if let Some(forgotten) = self.restart.take().and_then(|credentials| self.ice.restart(credentials)) {
                self.registration.retire(forgotten);
            }
            outcome = self.ice.handle(now, path, data, self.crypto.crypto());
        }
        let Ok(check) = outcome else { return };
        self.heard(now);
        if check.valid {
            // Before the reply leaves: what the client sends next must find the way here.
            self.registration.bind(path.remote);
        }
        if let Some(retired) = check.retired {
            self.registration.retire(retired);
        }
        self.wire.send(path.remote, path.local, &check.reply, None);
        if let Some(start) = self.start.take_if(|_| check.valid) {
            match start(now) {
                Some(link) => self.link = Some(Box::new(link)),
                None => self.end(CloseReason::HandshakeFailed),
            }
            self.flush_link();
        }
    }

    fn dtls(&mut self, now: Instant, data: BytesMut) {
        let Some(link) = &mut self.link else { return };
        let events = link.handle(now, data);
        self.flush_link();
        for event in events {
            self.link_event(now, event);
        }
    }

    fn link_event(&mut self, now: Instant, event: LinkEvent) {
        match event {
            LinkEvent::Connected(keys) => self.connected(now, *keys),
            LinkEvent::Closed => self.end(CloseReason::Remote),
            LinkEvent::Failed => self.end(CloseReason::HandshakeFailed),
        }
    }

    fn connected(&mut self, now: Instant, keys: SrtpKeys) {
        let Ok(sealer) = Sealer::new(&keys) else { return self.end(CloseReason::HandshakeFailed) };
        let Ok(inbound) = Inbound::new(keys) else { return self.end(CloseReason::HandshakeFailed) };
        self.keys = Some((inbound, sealer));
        self.handshake_by = None;
        self.presence = matches!(self.half, Half::Receiving(_)).then(|| Presence::new(now));
        self.push(PeerEvent::Connected);
    }

    /// A packet under the session's keys: the client's handshake is over as well.
    fn opened(&mut self, now: Instant) {
        if let Some(link) = &mut self.link {
            link.settle(now);
        }
    }

    /// Something authentic came.
    fn heard(&mut self, now: Instant) {
        if let Some(presence) = &mut self.presence {
            presence.heard(now);
        }
    }

    fn media_changed(&mut self, change: Option<Change>) {
        match change {
            Some(Change::Lost) => self.push(PeerEvent::MediaLost),
            Some(Change::Back) => self.push(PeerEvent::MediaBack),
            None => {}
        }
    }

    fn srtp(&mut self, now: Instant, received_at: Instant, data: &[u8]) {
        let (Half::Receiving(receiving), Some((inbound, _))) = (&mut self.half, &mut self.keys) else { return };
        let Ok(header) = rtp::Header::unmarshal(&mut &data[..]) else { return };
        let Ok(plain) = inbound.open_rtp(data, &header) else { return };
        receiving.handle_rtp(received_at, header, plain);
        self.opened(now);
        let change = self.presence.as_mut().and_then(|presence| presence.flowed(now));
        self.media_changed(change);
        self.collect();
    }

    fn srtcp(&mut self, now: Instant, data: &[u8]) {
        let Some((inbound, _)) = &mut self.keys else { return };
        let Ok(plain) = inbound.open_rtcp(data) else { return };
        self.heard(now);
        self.opened(now);
        let Ok(packets) = rtcp::packet::unmarshal(&mut Bytes::from(plain)) else { return };
        match &mut self.half {
            Half::Receiving(receiving) => receiving.handle_rtcp(now, packets),
            Half::Sending(sending) => {
                for event in sending.feedback(&packets) {
                    self.push(event);
                }
            }
        }
        self.collect();
    }

    /// Takes what the receiving half has for the shard and for the host.
    fn collect(&mut self) {
        let Half::Receiving(receiving) = &mut self.half else { return };
        let mut events = Vec::new();
        while let Some(received) = receiving.poll_received() {
            events.push(match received {
                Received::Rtp(packet) => PeerEvent::Rtp(packet),
                Received::Clock(clock) => PeerEvent::SenderClock(clock),
            });
        }
        let packets: Vec<_> = std::iter::from_fn(|| receiving.poll_rtcp()).collect();
        for event in events {
            self.push(event);
        }
        self.send_rtcp(&packets);
    }

    fn send_rtcp(&mut self, packets: &[Box<dyn rtcp::Packet>]) {
        let (Some((_, sealer)), Some(path)) = (&mut self.keys, self.ice.selected()) else { return };
        // Few at a time, so that no compound outgrows the path.
        for compound in packets.chunks(COMPOUND_PACKETS) {
            let Ok(plain) = rtcp::packet::marshal(compound) else { continue };
            if let Ok(sealed) = sealer.seal_rtcp(&plain) {
                self.wire.send(path.remote, path.local, &sealed, None);
            }
        }
    }

    fn flush_link(&mut self) {
        let (Some(link), Some(path)) = (&mut self.link, self.ice.selected()) else { return };
        while let Some(datagram) = link.poll_transmit() {
            self.wire.send(path.remote, path.local, &datagram, None);
        }
    }

    fn push(&mut self, event: PeerEvent) {
        if self.events.len() < EVENTS_MAX {
            self.events.push_back(event);
        }
    }

    fn end(&mut self, reason: CloseReason) {
        if !self.closed {
            self.closed = true;
            self.events.push_back(PeerEvent::Closed { reason });
        }
    }

    /// When the client counts as lost, and why.
    fn given_up(&self) -> (Instant, CloseReason) {
        let by_ice = (
            self.ice.expires(),
            match self.ice.connected() {
                true => CloseReason::ConsentExpired,
                false => CloseReason::IceTimeout,
            },
        );
        match self.handshake_by {
            Some(by) if by < by_ice.0 => (by, CloseReason::HandshakeTimeout),
            Some(_) | None => by_ice,
        }
    }
}

impl Peer for Session {
    fn handle_datagram(&mut self, now: Instant, datagram: Datagram) {
        if !self.closed {
            self.dispatch(now, datagram);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.closed {
            return;
        }
        let (at, reason) = self.given_up();
        if at <= now {
            return self.end(reason);
        }
        if let Some(event) = self.link.as_mut().and_then(|link| link.handle_timeout(now)) {
            self.link_event(now, event);
        }
        self.flush_link();
        let change = self.presence.as_mut().and_then(|presence| presence.handle_timeout(now));
        self.media_changed(change);
        if let Half::Receiving(receiving) = &mut self.half {
            receiving.handle_timeout(now);
        }
        self.collect();
    }

    fn poll_timeout(&self) -> Option<Instant> {
        if self.closed {
            return None;
        }
        let link = self.link.as_ref().and_then(|link| link.poll_timeout());
        let media = match &self.half {
            Half::Receiving(receiving) => receiving.poll_timeout(),
            Half::Sending(_) => None,
        };
        let presence = self.presence.as_ref().and_then(Presence::poll_timeout);
        [Some(self.given_up().0), link, media, presence].into_iter().flatten().min()
    }

    fn poll_event(&mut self) -> Option<PeerEvent> {
        self.events.pop_front()
    }

    fn send(&mut self, _now: Instant, packets: &[RtpOut]) {
        let (Half::Sending(sending), Some((_, sealer))) = (&mut self.half, &mut self.keys) else { return };
        if let Some(path) = self.ice.selected().filter(|_| !self.closed) {
            sending.send(Way { wire: self.wire.as_ref(), path, sealer }, packets);
        }
    }

    fn resend(&mut self, _now: Instant, packet: &RtpOut) {
        let (Half::Sending(sending), Some((_, sealer))) = (&mut self.half, &mut self.keys) else { return };
        if let Some(path) = self.ice.selected().filter(|_| !self.closed) {
            sending.resend(Way { wire: self.wire.as_ref(), path, sealer }, packet);
        }
    }

    fn report(&mut self, _now: Instant, kind: MediaKind, ntp: Ntp, timestamp: u32) {
        let Half::Sending(sending) = &self.half else { return };
        if let Some(report) = sending.report(kind, ntp, timestamp).filter(|_| !self.closed) {
            self.send_rtcp(&report);
        }
    }

    fn request_keyframe(&mut self, now: Instant) {
        if let Half::Receiving(receiving) = &mut self.half {
            receiving.request_keyframe(now);
        }
        self.collect();
    }

    fn sends(&self) -> Sends {
        match &self.half {
            Half::Receiving(receiving) => receiving.sends(),
            Half::Sending(_) => Sends::default(),
        }
    }

    fn close(&mut self, now: Instant) {
        if self.closed {
            return;
        }
        if let Some(link) = &mut self.link {
            link.close(now);
        }
        self.flush_link();
        self.end(CloseReason::Local);
    }
}

/// RFC 5761 §4: RTCP packet types, seen where RTP has marker and payload type, are 192 to 223.
fn is_rtcp(data: &[u8]) -> bool {
    data.get(1).is_some_and(|kind| (192..=223).contains(kind))
}

#[cfg(test)]
mod tests;
