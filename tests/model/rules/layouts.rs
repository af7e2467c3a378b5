//! Templates, and where each host stands in them: on the canvas of 720 × 1280, or that on its side.

use super::arranging::Arranged;
use super::{Allowed, Model, refuse};
use crate::command::Wish;
use crate::said::{Case, Event};
use crate::twist::Twist;
use crate::words::{LayoutSeen, PlaceSeen, Text};

/// hostDynamicGrid: what a connection has that was asked for without one.
pub(super) const GRID: u64 = 600;
/// Two teams of six voices.
pub(super) const VOICES: u64 = 1;

/// A template.
pub(crate) struct Template {
    pub(crate) number: u64,
    pub(crate) name: Text,
    /// Lives. Those for one alone lay out its seats.
    capacity: usize,
    /// The most places.
    places: usize,
}

/// All of the product's; those that have places for many first.
pub(crate) const TEMPLATES: [Template; 10] = [
    Template { number: GRID, name: "hostDynamicGrid", capacity: 9, places: 9 },
    Template { number: 2, name: "hostVoiceConnection", capacity: 9, places: 9 },
    Template { number: WINDOWS, name: "hostDynamic1v6", capacity: 7, places: 7 },
    Template { number: VOICES, name: "hostStaticVoice6v6", capacity: 2, places: 12 },
    Template { number: 400, name: "HostVideoLandscapeFixed2Seats", capacity: 2, places: 2 },
    Template { number: 800, name: "videoFixedGrid9Seats", capacity: 1, places: 9 },
    Template { number: 801, name: "videoFixedFloat7Seats", capacity: 1, places: 7 },
    Template { number: 200, name: "videoLandscape4Seats", capacity: 1, places: 4 },
    Template { number: 70, name: "audioSalon", capacity: 1, places: 50 },
    Template { number: 50, name: "karaoke", capacity: 1, places: 50 },
];

/// What the seats of a live are laid out in while it is alone.
pub(crate) const SEAT_TEMPLATES: [(Text, u64); 7] = [
    ("videoDynamicGrid9Seats", GRID),
    ("videoDynamicFloat7Seats", WINDOWS),
    ("videoFixedGrid9Seats", 800),
    ("videoFixedFloat7Seats", 801),
    ("videoLandscape4Seats", 200),
    ("audioSalon", 70),
    ("karaoke", 50),
];

/// Two of them go by two names.
pub(super) fn find(wish: Wish) -> Allowed<u64> {
    let named = |template: &&Template| match wish {
        Wish::Name(name) => template.name == name || SEAT_TEMPLATES.contains(&(name, template.number)),
        Wish::Number(number) => template.number == number,
    };
    TEMPLATES.iter().find(named).map_or_else(|| refuse(Case::Invalid, "layoutTemplate"), |it| Ok(it.number))
}

/// One for more than one live.
pub(super) fn find_shared(wish: Wish) -> Allowed<u64> {
    match find(wish)? {
        alone if capacity(alone) == 1 => refuse(Case::Invalid, "layoutTemplate"),
        shared => Ok(shared),
    }
}

/// Regions of one's own leave as many lives connected as the largest template.
pub(super) fn capacity(number: u64) -> usize {
    TEMPLATES.iter().find(|template| template.number == number).map_or(9, |template| template.capacity)
}

pub(super) fn most_places(number: u64) -> usize {
    TEMPLATES.iter().find(|template| template.number == number).map_or(0, |template| template.places)
}

pub(super) fn canvas(template: u64) -> [usize; 2] {
    if matches!(template, 200 | 400) { [1280, 720] } else { [720, 1280] }
}

/// Nobody's picture is shown.
pub(super) fn only_voices(template: u64) -> bool {
    matches!(template, VOICES | 70 | 50)
}

/// Each seat has its place.
pub(super) fn fixed(template: u64) -> bool {
    only_voices(template) || matches!(template, 800 | 801)
}

/// The template of one host below windows of the others.
const WINDOWS: u64 = 601;

/// How high a place lies.
pub(super) fn z(template: u64, place: usize) -> u32 {
    u32::from(matches!(template, WINDOWS | 801) && place > 0)
}

/// x y w h of each of so many places.
pub(super) fn places(template: u64, count: usize) -> Vec<[usize; 4]> {
    let cell = |i: usize| [240 * (i % 3), 276 + 240 * (i / 3), 240, 240];
    let half = |i: usize| [360 * (i % 2), 276 + 360 * (i / 2), 360, 360];
    match (template, count) {
        (GRID, 1) => vec![[0, 0, 720, 1280]],
        (GRID, 2) => vec![[0, 276, 360, 644], [360, 276, 360, 644]],
        (GRID, 3) => vec![[0, 276, 480, 480], [480, 276, 240, 240], [480, 516, 240, 240]],
        (GRID, 4) => (0..4).map(half).collect(),
        (200, 1) => vec![[0, 0, 1280, 720]],
        (200, 3) => vec![[0, 0, 960, 720], [960, 0, 320, 360], [960, 360, 320, 360]],
        (200, 4) => (0..4).map(|i| [640 * (i % 2), 360 * (i / 2), 640, 360]).collect(),
        (200 | 400, _) => vec![[0, 180, 640, 360], [640, 180, 640, 360]],
        (WINDOWS | 801, _) => {
            let window = |i: usize| [560, 1008 - 184 * (i - 1), 144, 176];
            std::iter::once([0, 0, 720, 1280]).chain((1..count).map(window)).collect()
        }
        (70 | 50, _) => {
            let rows = count.div_ceil(5);
            let high = if rows > 5 { 1004 / rows / 2 * 2 } else { 168 };
            (0..count).map(|i| [144 * (i % 5), 276 + high * (i / 5), 144, high]).collect()
        }
        (VOICES, _) => (0..count).map(|i| [i / 6 * 360 + i % 2 * 180, 276 + i % 6 / 2 * 200, 180, 200]).collect(),
        _ => (0..count).map(cell).collect(),
    }
}

impl Model {
    pub(super) fn layout(&self, live: Text) -> LayoutSeen<'static> {
        let (template, own) = self.shown_layout(live);
        self.layout_as(live, template, own)
    }

    /// The same with that template, or these regions.
    pub(super) fn layout_as(&self, live: Text, template: u64, own: Option<&[Arranged]>) -> LayoutSeen<'static> {
        let (canvas, together) = (canvas(template), self.together(live));
        if let Some(own) = own {
            let places = own.iter().map(|region| region.seen(self.sits(&together, region.of, region.seat)));
            return LayoutSeen { template, canvas, places: places.collect() };
        }
        let people = self.placed(&together, template);
        let count = people.iter().map(|(.., place)| place + 1).max().unwrap_or(0);
        let places = places(template, count);
        let seen = |(live, seat, at): (Text, u64, usize)| PlaceSeen {
            live,
            seat,
            user: self.sits(&together, live, seat),
            place: places[at],
            z: z(template, at),
            fit: 0,
            radius: 0,
        };
        LayoutSeen { template, canvas, places: people.into_iter().map(seen).collect() }
    }

    /// Whose seat has which place.
    fn placed(&self, together: &[Text], template: u64) -> Vec<(Text, u64, usize)> {
        let of = |live: Text| self.live(live).expect("a member exists");
        if fixed(template) {
            let each = if template == VOICES { 6 } else { most_places(template) };
            let mut all = Vec::new();
            for (i, live) in together.iter().take(capacity(template)).enumerate() {
                // The host of a live without seats is there all the same.
                let seats = of(live).seats.len().clamp(1, each);
                all.extend((0..seats).map(|seat| (*live, seat as u64, each * i + seat)));
            }
            if self.twist == Some(Twist::EmptySeatsAreNotDrawn) {
                all.retain(|(live, seat, _)| !self.sits(together, live, *seat).is_empty());
            }
            return all;
        }
        let mut people: Vec<_> = together.iter().map(|live| (*live, 0)).collect();
        if let [alone] = *together {
            people.extend(of(alone).guests().into_iter().map(|(seat, _)| (alone, seat)));
        }
        people.truncate(most_places(template));
        people.into_iter().zip(0..).map(|((live, seat), place)| (live, seat, place)).collect()
    }

    /// Tells those who see this live's picture its layout, if it is not as it was.
    pub(super) fn tell_new_layout(&mut self, live: Text, before: &LayoutSeen<'static>) {
        if self.layout(live) != *before {
            self.tell_layout(&self.together(live));
        }
    }

    /// Tells those who see the same picture its layout.
    pub(super) fn tell_layout(&mut self, lives: &[Text]) {
        if let Some(first) = lives.first() {
            let layout = self.layout(first);
            self.tell(lives.to_vec(), Event::Layout(layout));
        }
    }
}
