//! Opening received packets.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::BytesMut;
use rtc::crypto::RTCCryptoProvider;
use rtc::rtp;
use rtc::shared::error::Error;
use rtc::srtp::config::SessionKeys;
use rtc::srtp::context::Context;
use rtc::srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc::srtp::protection_profile::ProtectionProfile;

use super::SrtpKeys;

/// Packets that a late one may lag behind and still count: retransmissions on the original SSRC come after a round trip.
const REPLAY_WINDOW: usize = 1_024;
/// SSRCs a session may use: three simulcast layers, their RTX, audio, and the same again after a restart.
pub(crate) const SSRCS_MAX: usize = 32;
/// Unauthenticated SSRCs that the probe remembers before it is made anew.
const STRANGERS_MAX: usize = 64;

/// The receiving half of a session's keys.
///
/// `rtc::srtp::Context` keeps state for each SSRC it is shown, authentic or not. So packets of SSRCs that have not proved
/// themselves are opened by a second context that lives while there are such, and is made anew when it has seen too many:
/// forged packets can make us work, but not remember. Nor can they set the replay window of a stream before its first packet:
/// the crate's begins at the first number that it is asked about, so the probe has none.
pub(crate) struct Inbound {
    known: Context,
    probe: Option<Box<Context>>,
    rtp_known: BTreeSet<u32>,
    rtcp_known: BTreeSet<u32>,
    strangers: BTreeSet<u32>,
    profile: ProtectionProfile,
    keys: SessionKeys,
    crypto: Arc<dyn RTCCryptoProvider>,
}

impl Inbound {
    /// The receiving half of `keys`.
    ///
    /// # Errors
    /// When the keys have not the profile's lengths.
    pub(crate) fn new(keys: SrtpKeys) -> Result<Self, Error> {
        let SrtpKeys { profile, keys, crypto } = keys;
        Ok(Self {
            known: context(profile, &keys, crypto.as_ref(), Some(REPLAY_WINDOW))?,
            probe: None,
            rtp_known: BTreeSet::new(),
            rtcp_known: BTreeSet::new(),
            strangers: BTreeSet::new(),
            profile,
            keys,
            crypto,
        })
    }

    /// Opens an RTP packet whose header is `header`: the whole packet in plain.
    ///
    /// # Errors
    /// When it is not authentic, is a replay, or would be the 33rd SSRC.
    pub(crate) fn open_rtp(&mut self, packet: &[u8], header: &rtp::Header) -> Result<BytesMut, Error> {
        if self.rtp_known.contains(&header.ssrc) {
            return self.known.decrypt_rtp_with_header(packet, header);
        }
        self.meet(header.ssrc, self.rtp_known.len())?.decrypt_rtp_with_header(packet, header)?;
        // The probe has authenticated it; the known context opens it once more, so that its replay window knows the packet.
        self.rtp_known.insert(header.ssrc);
        self.welcome(header.ssrc);
        self.known.decrypt_rtp_with_header(packet, header)
    }

    /// Opens a compound RTCP packet.
    ///
    /// # Errors
    /// As for RTP.
    pub(crate) fn open_rtcp(&mut self, packet: &[u8]) -> Result<BytesMut, Error> {
        let ssrc = packet.get(4..8).and_then(|ssrc| ssrc.try_into().ok()).map(u32::from_be_bytes);
        let ssrc = ssrc.ok_or(Error::ErrTooShortRtcp)?;
        if self.rtcp_known.contains(&ssrc) {
            return self.known.decrypt_rtcp(packet);
        }
        self.meet(ssrc, self.rtcp_known.len())?.decrypt_rtcp(packet)?;
        self.rtcp_known.insert(ssrc);
        self.welcome(ssrc);
        self.known.decrypt_rtcp(packet)
    }

    /// SSRCs that have not proved themselves and are remembered.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.strangers.len()
    }

    /// The probe for a packet of an SSRC that has not proved itself.
    fn meet(&mut self, ssrc: u32, known: usize) -> Result<&mut Context, Error> {
        if known >= SSRCS_MAX {
            return Err(Error::Other("too many SSRCs in a session".to_owned()));
        }
        self.strangers.insert(ssrc);
        if self.strangers.len() > STRANGERS_MAX {
            self.strangers.clear();
            self.probe = None;
        }
        match &mut self.probe {
            Some(probe) => Ok(probe),
            missing => Ok(missing.insert(Box::new(context(self.profile, &self.keys, self.crypto.as_ref(), None)?))),
        }
    }

    /// The SSRC has proved itself.
    fn welcome(&mut self, ssrc: u32) {
        self.strangers.remove(&ssrc);
        if self.strangers.is_empty() {
            self.probe = None;
        }
    }
}

fn context(
    profile: ProtectionProfile,
    keys: &SessionKeys,
    crypto: &dyn RTCCryptoProvider,
    replay_window: Option<usize>,
) -> Result<Context, Error> {
    Context::new(
        &keys.remote_master_key,
        &keys.remote_master_salt,
        profile,
        replay_window.map(srtp_replay_protection),
        replay_window.map(srtcp_replay_protection),
        crypto.crypto(),
    )
}
