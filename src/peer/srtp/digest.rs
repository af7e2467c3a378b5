//! Remembering what was sent, for viewers without RTX.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use costage_media::packet::RtpOut;

/// Packets remembered: a second of 2.5 Mbit/s in 1,200-byte packets is 260.
const REMEMBERED: usize = 512;

/// Digests of the packets last sent, by sequence number, which is part of what is digested. A packet is sealed again only when it is the very same, which is
/// what the nonce rule of [`super::Sealer`] asks of a retransmission on the original SSRC.
pub(crate) struct SentDigests {
    slots: Box<[u64]>,
}

impl SentDigests {
    /// Nothing sent.
    pub(crate) fn new() -> Self {
        Self { slots: vec![0; REMEMBERED].into_boxed_slice() }
    }

    /// Remembers a packet; forgets the one [`REMEMBERED`] before.
    pub(crate) fn remember(&mut self, packet: &RtpOut) {
        let slot = self.slot(packet);
        self.slots[slot] = digest(packet);
    }

    /// Whether exactly this packet has been sent.
    pub(crate) fn sent(&self, packet: &RtpOut) -> bool {
        self.slots[self.slot(packet)] == digest(packet)
    }

    fn slot(&self, packet: &RtpOut) -> usize {
        usize::try_from(packet.seq.0 % REMEMBERED as u64).expect("a remainder below 512 fits")
    }
}

fn digest(packet: &RtpOut) -> u64 {
    let mut hasher = DefaultHasher::new();
    (packet.seq, packet.timestamp, packet.marker, &packet.payload).hash(&mut hasher);
    hasher.finish()
}
