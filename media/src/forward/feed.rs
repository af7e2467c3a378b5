//! One live's outgoing stream: which producer its viewers see, and which they are about to see.

use std::collections::BTreeMap;
use std::time::Instant;

use super::{Consumer, ConsumerId, Frame, ProducerId};
use crate::packet::{MediaKind, RtpOut};

/// Decides whose pictures and whose sound pass. Pictures change producer only at a keyframe; sound follows as soon
/// as the new producer has any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyframeGate {
    target: Option<ProducerId>,
    /// Whose sound is wanted: the same, but for feeds that have theirs from elsewhere.
    heard: Option<ProducerId>,
    video: Option<ProducerId>,
    audio: Option<ProducerId>,
}

impl KeyframeGate {
    /// A gate that passes `target` alone.
    #[must_use]
    pub fn new(target: Option<ProducerId>) -> Self {
        Self { target, heard: target, video: target, audio: target }
    }

    /// A gate that passes these pictures and this sound alone.
    #[must_use]
    pub fn apart(picture: ProducerId, sound: ProducerId) -> Self {
        let (target, heard) = (Some(picture), Some(sound));
        Self { target, heard, video: target, audio: heard }
    }

    /// From here on `target` is wanted.
    pub fn point(&mut self, target: ProducerId) {
        self.point_apart(target, target);
    }

    /// From here on these pictures and this sound are wanted.
    pub fn point_apart(&mut self, picture: ProducerId, sound: ProducerId) {
        (self.target, self.heard) = (Some(picture), Some(sound));
    }

    /// Whether this frame passes to those who are watching; moves on when it is the one waited for.
    pub fn passes(&mut self, frame: &Frame) -> bool {
        let from = Some(frame.producer);
        match frame.kind {
            MediaKind::Video => {
                if from == self.target && frame.keyframe {
                    self.video = self.target;
                }
                from == self.video
            }
            MediaKind::Audio => {
                if from == self.heard {
                    self.audio = self.heard;
                }
                // The old sound goes on until the new one comes, but not under the new picture.
                from == self.audio && !self.is_silent()
            }
        }
    }

    /// What the feed should show.
    #[must_use]
    pub fn target(&self) -> Option<ProducerId> {
        self.target
    }

    /// Whose pictures pass now.
    #[must_use]
    pub fn showing(&self) -> Option<ProducerId> {
        self.video
    }

    /// Whether a switch waits for a keyframe.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.video != self.target
    }

    /// Whether no sound passes: the picture has moved, and the new producer has not been heard yet.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.audio != self.heard && self.video == self.target
    }

    /// Whether packets of `producer` may pass, now or after a switch.
    #[must_use]
    pub fn concerns(&self, producer: ProducerId) -> bool {
        self.concerned().any(|concerned| concerned == producer)
    }

    /// Whose packets may pass, now or after a switch; may repeat.
    pub(super) fn concerned(&self) -> impl Iterator<Item = ProducerId> + use<> {
        let audio = self.audio.filter(|_| self.is_pending());
        [self.target, self.heard, self.video, audio].into_iter().flatten()
    }
}

/// The gate and those behind it.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) gate: KeyframeGate,
    pub(super) consumers: BTreeMap<ConsumerId, Consumer>,
    /// Consumers that wait for their first keyframe.
    pub(super) closed: usize,
    /// Sound of the producer that was heard last was left out.
    silenced: bool,
}

impl Feed {
    pub(super) fn new(producer: Option<ProducerId>) -> Self {
        Self { gate: KeyframeGate::new(producer), consumers: BTreeMap::new(), closed: 0, silenced: false }
    }

    /// From here on these pictures and this sound are wanted; without viewers there is nothing to wait for.
    pub(super) fn point(&mut self, picture: ProducerId, sound: ProducerId) {
        if self.consumers.is_empty() {
            self.gate = KeyframeGate::apart(picture, sound);
        } else {
            self.gate.point_apart(picture, sound);
        }
        self.silenced |= self.gate.is_silent();
    }

    /// If the gate lets `frame` pass: numbers `buffer`, its packets, for each consumer in turn and sends it.
    pub(super) fn give(
        &mut self,
        now: Instant,
        frame: &Frame,
        buffer: &mut [RtpOut],
        send: &mut dyn FnMut(ConsumerId, &[RtpOut]),
    ) {
        let video = frame.kind == MediaKind::Video;
        if !self.gate.passes(frame) {
            return;
        }
        self.silenced |= self.gate.is_silent();
        let resumed = !video && std::mem::take(&mut self.silenced);
        for (id, consumer) in &mut self.consumers {
            consumer.open |= video && frame.keyframe;
            if video && !consumer.open {
                continue;
            }
            let munger = consumer.munger_mut(frame.kind);
            if resumed {
                munger.interrupt();
            }
            munger.munge(now, frame.producer, &frame.packets, buffer);
            consumer.earn(frame.packets.len());
            send(*id, buffer);
        }
        if video && frame.keyframe {
            self.closed = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ProducerId = ProducerId(1);
    const B: ProducerId = ProducerId(2);

    fn frame(producer: ProducerId, kind: MediaKind, keyframe: bool) -> Frame {
        Frame { producer, kind, keyframe, packets: Box::new([]) }
    }

    #[test]
    fn pictures_move_at_a_keyframe_and_sound_at_once() {
        let mut gate = KeyframeGate::new(Some(A));
        gate.point(B);
        assert!(gate.passes(&frame(A, MediaKind::Video, false)));
        assert!(!gate.passes(&frame(B, MediaKind::Video, false)));
        assert!(gate.passes(&frame(A, MediaKind::Audio, false)), "no hole before the new sound is there");
        assert!(gate.passes(&frame(B, MediaKind::Audio, false)));
        assert!(!gate.passes(&frame(A, MediaKind::Audio, false)));
        assert!(gate.is_pending());
        assert!(gate.passes(&frame(B, MediaKind::Video, true)));
        assert!(!gate.passes(&frame(A, MediaKind::Video, true)));
        assert!(!gate.is_pending() && !gate.concerns(A));
    }

    #[test]
    fn old_sound_does_not_go_on_under_the_new_picture() {
        let mut gate = KeyframeGate::new(Some(A));
        gate.point(B);
        assert!(gate.passes(&frame(B, MediaKind::Video, true)));
        assert!(!gate.passes(&frame(A, MediaKind::Audio, false)));
    }

    #[test]
    fn sound_may_come_from_elsewhere_and_moves_on_its_own() {
        let (one, other) = (ProducerId(11), ProducerId(12));
        let mut gate = KeyframeGate::apart(A, one);
        assert!(gate.passes(&frame(A, MediaKind::Video, false)) && gate.passes(&frame(one, MediaKind::Audio, false)));
        assert!(!gate.passes(&frame(A, MediaKind::Audio, false)), "the sound of those pictures is not for this feed");
        gate.point_apart(B, other);
        assert!(gate.passes(&frame(one, MediaKind::Audio, false)) && gate.concerns(one) && gate.concerns(other));
        assert!(gate.passes(&frame(other, MediaKind::Audio, false)));
        assert!(!gate.passes(&frame(one, MediaKind::Audio, false)) && !gate.concerns(one));
        assert!(gate.passes(&frame(A, MediaKind::Video, false)) && gate.passes(&frame(B, MediaKind::Video, true)));
        assert!(!gate.concerns(A) && gate.concerns(other) && !gate.is_silent());
    }

    #[test]
    fn a_switch_taken_back_changes_nothing() {
        let mut gate = KeyframeGate::new(Some(A));
        gate.point(B);
        gate.point(A);
        assert_eq!(gate, KeyframeGate::new(Some(A)));
        assert!(gate.passes(&frame(A, MediaKind::Video, false)) && !gate.passes(&frame(B, MediaKind::Video, true)));
    }

    #[test]
    fn a_feed_without_producer_passes_nothing_until_it_is_pointed() {
        let mut gate = KeyframeGate::new(None);
        assert!(!gate.passes(&frame(A, MediaKind::Video, true)) && !gate.passes(&frame(A, MediaKind::Audio, true)));
        gate.point(A);
        assert!(gate.passes(&frame(A, MediaKind::Audio, true)) && gate.passes(&frame(A, MediaKind::Video, true)));
    }
}
