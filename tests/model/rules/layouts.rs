//! Templates, and where each host stands in them: on the canvas of 720 × 1280, or that on its side.

use super::arranging::Arranged;
use super::{Allowed, Model, refuse};
use crate::command::Wish;
use crate::said::{Case, Event};
use crate::words::{LayoutSeen, PlaceSeen, Text};

/// hostDynamicGrid: what a connection has that was asked for without one, and every live alone.
pub(super) const GRID: u64 = 600;

/// A template of connections.
pub(crate) struct Template {
    pub(crate) number: u64,
    pub(crate) name: Text,
    capacity: usize,
}

/// All of the product's.
pub(crate) const TEMPLATES: [Template; 5] = [
    Template { number: GRID, name: "hostDynamicGrid", capacity: 9 },
    Template { number: 2, name: "hostVoiceConnection", capacity: 9 },
    Template { number: 601, name: "hostDynamic1v6", capacity: 7 },
    Template { number: 1, name: "hostStaticVoice6v6", capacity: 2 },
    Template { number: 400, name: "HostVideoLandscapeFixed2Seats", capacity: 2 },
];

pub(super) fn find(wish: Wish) -> Allowed<u64> {
    let named = |template: &&Template| match wish {
        Wish::Name(name) => template.name == name,
        Wish::Number(number) => template.number == number,
    };
    TEMPLATES.iter().find(named).map_or_else(|| refuse(Case::Invalid, "layoutTemplate"), |it| Ok(it.number))
}

/// Regions of one's own leave as many lives connected as the largest template.
pub(super) fn capacity(number: u64) -> usize {
    TEMPLATES.iter().find(|template| template.number == number).map_or(9, |template| template.capacity)
}

/// Two teams of six voices.
pub(super) const VOICES: u64 = 1;
/// The template of two in landscape.
const LANDSCAPE: u64 = 400;
/// The template of one host below windows of the others.
const WINDOWS: u64 = 601;

/// x y w h of each of `hosts` places.
fn places(template: u64, hosts: usize) -> Vec<[usize; 4]> {
    let cell = |i: usize| [240 * (i % 3), 276 + 240 * (i / 3), 240, 240];
    let half = |i: usize| [360 * (i % 2), 276 + 360 * (i / 2), 360, 360];
    match (template, hosts) {
        (GRID, 1) => vec![[0, 0, 720, 1280]],
        (GRID, 2) => vec![[0, 276, 360, 644], [360, 276, 360, 644]],
        (GRID, 3) => vec![[0, 276, 480, 480], [480, 276, 240, 240], [480, 516, 240, 240]],
        (GRID, 4) => (0..4).map(half).collect(),
        (LANDSCAPE, _) => vec![[0, 180, 640, 360], [640, 180, 640, 360]],
        (WINDOWS, _) => {
            let window = |i: usize| [560, 1008 - 184 * (i - 1), 144, 176];
            std::iter::once([0, 0, 720, 1280]).chain((1..hosts).map(window)).collect()
        }
        _ => (0..hosts).map(cell).collect(),
    }
}

/// The canvas, on its side or upright.
pub(super) fn canvas(template: u64) -> [usize; 2] {
    if template == LANDSCAPE { [1280, 720] } else { [720, 1280] }
}

impl Model {
    pub(super) fn layout(&self, live: Text) -> LayoutSeen<'static> {
        let (template, own) = self.shown_layout(live);
        self.layout_in(live, template, own)
    }

    /// Where those who are there would stand in it.
    pub(super) fn layout_in(&self, live: Text, template: u64, own: Option<&[Arranged]>) -> LayoutSeen<'static> {
        let together = self.together(live);
        let canvas = canvas(template);
        if let Some(own) = own {
            let places = own.iter().map(|region| region.seen(self.sits(&together, region.of, region.seat)));
            return LayoutSeen { template, canvas, places: places.collect() };
        }
        if template == VOICES {
            let cell = |i: usize| (together[i / 6], (i % 6) as u64, [i / 6 * 360 + i % 2 * 180, 276 + i % 6 / 2 * 200]);
            let places = (0..12).map(cell).map(|(live, seat, [x, y])| {
                let user = self.sits(&together, live, seat);
                PlaceSeen { live, seat, user, place: [x, y, 180, 200], z: 0, fit: 0, radius: 0 }
            });
            return LayoutSeen { template, canvas, places: places.collect() };
        }
        let hosts = together.iter().map(|live| self.live(live).expect("a member exists"));
        let mut people: Vec<_> = hosts.map(|live| (live.id, 0, live.owner.id)).collect();
        if let [alone] = together[..] {
            let guests = self.live(alone).expect("it is asked about").guests().into_iter();
            people.extend(guests.map(|(seat, guest)| (alone, seat, guest.user.id)));
            people.truncate(capacity(template));
        }
        let places = places(template, people.len());
        let places = people.into_iter().zip(places).enumerate().map(|(i, ((live, seat, user), place))| PlaceSeen {
            live,
            seat,
            user,
            place,
            z: u32::from(template == WINDOWS && i > 0),
            fit: 0,
            radius: 0,
        });
        LayoutSeen { template, canvas, places: places.collect() }
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
