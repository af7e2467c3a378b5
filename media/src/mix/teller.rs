//! What players are told with the picture, and when: what changed, at most twenty times a second, and all with a keyframe.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::codec::sei;
use crate::scene::{Sei, SourceId};

/// Between two messages, keyframes aside.
const INTERVAL: Duration = Duration::from_millis(50);

/// The messages of one program.
#[derive(Debug, Default)]
pub(super) struct Teller {
    /// What should be told; `None`: nothing is.
    wanted: Option<Box<Sei>>,
    speakers: BTreeSet<SourceId>,
    /// The last message, and when it went.
    told: Option<(Message, Instant)>,
    /// What should be told is not what was told: kept, for who waits asks at every packet.
    untold: bool,
}

/// One message, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Message {
    events: Arc<str>,
    layout: Arc<str>,
    battles: Arc<str>,
    speakers: Vec<Arc<str>>,
}

impl Teller {
    /// What the picture shows from now on.
    pub(super) fn set(&mut self, wanted: Option<Box<Sei>>) {
        self.wanted = wanted;
        self.compare();
    }

    /// Who speaks now.
    pub(super) fn hear(&mut self, speakers: impl Iterator<Item = SourceId>) {
        if self.wanted.is_none() {
            return;
        }
        let speakers = speakers.collect();
        if self.speakers != speakers {
            self.speakers = speakers;
            self.compare();
        }
    }

    fn compare(&mut self) {
        let told = self.told.as_ref().map(|(message, _)| message);
        self.untold = self.message().is_some_and(|message| told.is_some_and(|told| *told != message));
    }

    /// Whether something has changed that nobody was told.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.poll_timeout().is_some_and(|due| due <= now)
    }

    /// When something may be told that has changed; in the past when it might have been told already.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let (_, last) = self.told.as_ref()?;
        self.untold.then_some(*last + INTERVAL)
    }

    /// The NAL unit that goes with the frame of `now`, if one does.
    pub(super) fn tell(&mut self, now: Instant, keyframe: bool) -> Option<Vec<u8>> {
        let told = self.told.as_ref().map(|(message, _)| message).filter(|_| !keyframe);
        if told.is_some() && !self.is_due(now) {
            return None;
        }
        let message = self.message()?;
        let text = message.text(told);
        (self.told, self.untold) = (Some((message, now)), false);
        Some(sei::unit(text.as_bytes()))
    }

    fn message(&self) -> Option<Message> {
        let Sei { events, layout, battles, users } = self.wanted.as_deref()?;
        let speakers = self.speakers.iter().filter_map(|source| users.get(source).cloned()).collect();
        let [events, layout, battles] = [events, layout, battles].map(Arc::clone);
        Some(Message { events, layout, battles, speakers })
    }
}

impl Message {
    /// As JSON: all of it, or what differs from what was `told`.
    fn text(&self, told: Option<&Self>) -> String {
        let mut text = format!("{{\"events\":{}", self.events);
        if told.is_none_or(|told| told.layout != self.layout) {
            text += &format!(",\"layout\":{}", self.layout);
        }
        if told.is_none_or(|told| told.battles != self.battles) {
            text += &format!(",\"battles\":{}", self.battles);
        }
        if told.is_none_or(|told| told.speakers != self.speakers) {
            text += &format!(",\"speakers\":[{}]", self.speakers.join(","));
        }
        text + "}"
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const A: SourceId = SourceId(1);

    fn scene(event: u64, layout: &str, battles: &str) -> Option<Box<Sei>> {
        let (events, users) = (format!("{{\"a\":{event}}}").into(), BTreeMap::from([(A, "\"ann\"".into())]));
        Some(Box::new(Sei { events, layout: layout.into(), battles: battles.into(), users }))
    }

    fn told(teller: &mut Teller, now: Instant, keyframe: bool) -> Option<String> {
        teller.tell(now, keyframe).map(|nal| String::from_utf8(sei::data(&nal).unwrap()).unwrap())
    }

    #[test]
    fn all_of_it_goes_with_keyframes_and_what_changed_in_between() {
        let (start, mut teller) = (Instant::now(), Teller::default());
        teller.set(scene(3, r#"{"templateId":600}"#, "[]"));
        let whole = r#"{"events":{"a":3},"layout":{"templateId":600},"battles":[],"speakers":[]}"#;
        assert_eq!(told(&mut teller, start, true).unwrap(), whole);
        let later = start + INTERVAL;
        assert_eq!(told(&mut teller, later, false), None, "nothing has changed");
        teller.set(scene(4, r#"{"templateId":600}"#, r#"[{"scores":{"ann":5}}]"#));
        assert_eq!(told(&mut teller, later, false).unwrap(), r#"{"events":{"a":4},"battles":[{"scores":{"ann":5}}]}"#);
        teller.hear([A].into_iter());
        let later = later + INTERVAL;
        assert_eq!(told(&mut teller, later, false).unwrap(), r#"{"events":{"a":4},"speakers":["ann"]}"#);
        assert!(told(&mut teller, later, true).unwrap().contains("templateId"), "a keyframe, however soon");
    }

    #[test]
    fn changes_are_told_at_most_twenty_times_a_second_and_none_is_forgotten() {
        let (start, mut teller) = (Instant::now(), Teller::default());
        teller.set(scene(0, "{}", "[]"));
        told(&mut teller, start, true).unwrap();
        let mut count = 0;
        for ms in 1..=1_000 {
            teller.set(scene(ms, "{}", "[]"));
            count += usize::from(told(&mut teller, start + Duration::from_millis(ms), false).is_some());
        }
        assert_eq!(count, 20);
        let end = start + Duration::from_millis(1_001);
        teller.set(scene(1_001, "{}", "[]"));
        assert_eq!(told(&mut teller, end, false), None);
        let due = teller.poll_timeout().unwrap();
        assert_eq!((due, teller.is_due(due)), (start + Duration::from_millis(1_050), true));
        assert_eq!(told(&mut teller, due, false).unwrap(), r#"{"events":{"a":1001}}"#);
        assert_eq!(teller.poll_timeout(), None);
    }

    #[test]
    fn where_it_is_switched_off_nothing_is_told() {
        let (start, mut teller) = (Instant::now(), Teller::default());
        teller.hear([A].into_iter());
        assert_eq!(teller.tell(start, true), None);
        assert_eq!(teller.poll_timeout(), None);
    }
}
