//! Lives, seats, battles and pictures, as the machine shows them.

use std::collections::BTreeMap;

use costage::live::UserId;
use costage::live::answer::{
    BattleInfo, BattleResult, BattleStatus, CoHost, DeviceStatus, Host as HostInfo, Layout, LiveInfo, LiveSnapshot,
    SeatInfo, SeatRequest, SeatRequests, SeatRole,
};
use costage::live::command::{NewLive, SeatMode, User};
use costage_media::scene::{Battle, Cell, Countdown, Fit, Outcome, Rect, Region, Scene, Side, Span, Standing};

use super::{Clock, Numbers};
use crate::words::{
    BattleSeen, CellSeen, CoHostSeen, Contest, Device, End, FighterSeen, Host, LayoutSeen, LiveSeen, OwnPlace, Person,
    Picture, PlaceSeen, Points, Ranked, SeatSeen, Settings, Sitter, Status, Verdict, View, WishSeen, WishesSeen,
};

pub(crate) fn view<'a>(numbers: &mut Numbers, seen: &'a LiveSnapshot) -> View<'a> {
    View {
        live: live(&seen.live),
        co_host: co_host(&seen.co_host),
        battle: seen.battle.as_ref().map(|it| battle(numbers, it)),
        battle_request: seen.battle_request.as_ref().map(|it| battle(numbers, it)),
        layout: layout(&seen.layout),
        seats: seats(&seen.seat_list),
        wishes: wishes(&seen.seat_requests),
    }
}

pub(super) fn person(user: &User) -> Person<'_> {
    Person { id: user.user_id.as_str(), name: &user.user_name, avatar: &user.avatar_url }
}

pub(super) fn host(host: &HostInfo) -> Host<'_> {
    assert_eq!(host.seat_index, 0, "a host sits on seat 0");
    Host { live: host.live_id.as_str(), user: person(&host.user) }
}

pub(super) fn settings(live: &NewLive) -> Settings<'_> {
    Settings {
        name: &live.live_name,
        notice: &live.notice,
        public: live.is_public_visible,
        seats: live.is_seat_enabled,
        keep_owner: live.keep_owner_on_seat,
        seat_count: live.max_seat_count,
        free: live.seat_mode == SeatMode::Free,
        template: live.seat_template.name(),
        cover: &live.cover_url,
        background: &live.background_url,
        categories: live.category_list.iter().map(String::as_str).collect(),
        activity: live.activity_status,
        meta: live.meta_data.iter().map(|(key, value)| (&**key, &**value)).collect(),
        overlays: [live.overlays.names, live.overlays.battle, live.overlays.container],
    }
}

pub(super) fn live(info: &LiveInfo) -> LiveSeen<'_> {
    LiveSeen {
        live: info.live.live_id.as_str(),
        owner: person(&info.live.owner),
        settings: settings(&info.live),
        created: info.create_time.0,
        publishing: info.is_publishing,
        serial: u32::try_from(info.feed.0).expect("a serial"),
    }
}

pub(super) fn co_host(co_host: &CoHost) -> CoHostSeen<'_> {
    CoHostSeen {
        connected: co_host.connected.iter().map(|live| live.as_str()).collect(),
        template: co_host.template.0.id().into(),
        hosts: co_host.hosts.iter().map(host).collect(),
        invitees: co_host.invitees.iter().map(host).collect(),
        applicant: co_host.applicant.as_ref().map(host),
    }
}

fn device(status: DeviceStatus, may_open: bool) -> Device {
    assert_eq!(may_open, status != DeviceStatus::ClosedByAdmin, "who manages has the last word");
    match status {
        DeviceStatus::Opened => Device::Open,
        DeviceStatus::ClosedBySelf => Device::ClosedBySelf,
        DeviceStatus::ClosedByAdmin => Device::ClosedByAdmin,
    }
}

pub(super) fn seat(seat: &SeatInfo) -> SeatSeen<'_> {
    let sitter = seat.user_info.as_ref().map(|it| {
        assert_eq!(it.live_id, seat.live_id, "who sits there is on a seat of that live");
        Sitter {
            user: person(&it.user),
            owner: it.role == SeatRole::Owner,
            microphone: device(it.microphone_status, it.allow_open_microphone),
            camera: device(it.camera_status, it.allow_open_camera),
        }
    });
    SeatSeen { live: seat.live_id.as_str(), index: seat.index.into(), locked: seat.is_locked, sitter }
}

pub(super) fn seats(list: &[SeatInfo]) -> Vec<SeatSeen<'_>> {
    list.iter().map(seat).collect()
}

pub(super) fn wish(wish: &SeatRequest) -> WishSeen<'_> {
    WishSeen {
        live: wish.live_id.as_str(),
        user: person(&wish.user),
        index: wish.seat_index,
        extension: &wish.extension_info,
        expires: wish.expire_time.map(|at| at.0),
    }
}

pub(super) fn wishes(all: &SeatRequests) -> WishesSeen<'_> {
    (all.applicants.iter().map(wish).collect(), all.invitees.iter().map(wish).collect())
}

pub(super) fn layout(layout: &Layout) -> LayoutSeen<'_> {
    let places = layout.regions.iter().map(|it| PlaceSeen {
        live: it.live_id.as_str(),
        seat: it.seat_index.into(),
        user: it.user_id.as_ref().map_or("", |user| user.as_str()),
        place: [it.x, it.y, it.w, it.h],
        z: it.z,
        fit: fit(it.fit.into()),
        radius: it.corner_radius,
    });
    let canvas = [layout.canvas.w, layout.canvas.h];
    LayoutSeen { template: layout.template_id.into(), canvas, places: places.collect() }
}

pub(super) fn points(scores: &BTreeMap<UserId, u64>) -> Points<'_> {
    scores.iter().map(|(user, points)| (user.as_str(), *points)).collect()
}

pub(super) fn battle<'a>(numbers: &mut Numbers, info: &'a BattleInfo) -> BattleSeen<'a> {
    let fighters = info.users.iter().map(|it| FighterSeen {
        host: host(&it.host),
        score: it.score,
        left: it.left,
        pending: it.pending,
    });
    BattleSeen {
        battle: numbers.number(info.battle_id),
        status: match info.status {
            BattleStatus::Pending => Status::Pending,
            BattleStatus::Started => Status::Started,
            BattleStatus::Ended => Status::Ended,
        },
        inviter: info.inviter.as_str(),
        seconds: info.duration_seconds,
        need_response: info.need_response,
        punishment_seconds: info.punishment_seconds,
        part_after: info.end_connection_after,
        extension: &info.extension_info,
        start: info.start_time.map(|at| at.0),
        end: info.end_time.map(|at| at.0),
        expires: info.expire_time.map(|at| at.0),
        punishment_end: info.punishment_end_time.map(|at| at.0),
        fighters: fighters.collect(),
        scores: points(&info.scores),
        reason: info.reason.map(|reason| reason.code().into()),
        verdict: info.result.as_ref().map(verdict),
    }
}

pub(super) fn verdict(result: &BattleResult) -> Verdict<'_> {
    let line = result.ranking.iter().map(|it| Ranked {
        user: it.user_id.as_str(),
        live: it.live_id.as_str(),
        score: it.score,
        rank: it.rank.into(),
        left: it.left,
    });
    let senders = result.best_senders.iter().map(|(user, best)| {
        let best = best.iter().map(|sender| (&*sender.sender_id, sender.value));
        (user.as_str(), best.collect())
    });
    Verdict {
        scores: points(&result.scores),
        ranking: line.collect(),
        winners: result.winners.iter().map(|winner| winner.as_str()).collect(),
        draw: result.draw,
        senders: senders.collect(),
    }
}

fn fit(fit: Fit) -> u8 {
    match fit {
        Fit::Cover => 0,
        Fit::Contain => 1,
        Fit::Fill => 2,
    }
}

fn numbers(Rect { x, y, w, h }: Rect) -> [usize; 4] {
    [x, y, w, h]
}

fn own(region: Region) -> OwnPlace {
    (numbers(region.rect), region.z, fit(region.fit), region.corner_radius)
}

fn cell(cell: &Cell) -> CellSeen<'_> {
    (
        cell.seat.into(),
        numbers(cell.rect),
        cell.locked,
        cell.sitter.as_ref().map(|it| (it.source.0, &*it.name, it.muted)),
    )
}

pub(crate) fn picture(clock: Clock, scene: &Scene) -> Picture<'_> {
    Picture {
        template: scene.template.id().into(),
        canvas: [scene.canvas.width, scene.canvas.height],
        tiles: scene.tiles.iter().map(|it| (it.source.0, &*it.name, it.camera, it.muted)).collect(),
        regions: scene.tiles.iter().filter_map(|it| it.region).map(own).collect(),
        cells: scene.cells.iter().map(cell).collect(),
        voices: scene.voices.iter().map(|it| (it.source.0, it.muted)).collect(),
        names: scene.names,
        contest: contest(clock, &scene.battle),
    }
}

fn contest(clock: Clock, battle: &Battle) -> Contest {
    // What is over by now is not seen, and not counted.
    let is_over = |it: &Standing| it.until.is_some_and(|until| clock.coming(until).is_none());
    let seen = |side: &Side| side.standing.filter(|it| !is_over(it));
    let mut numbers: Vec<u32> = Vec::new();
    for it in battle.sides.iter().filter_map(seen) {
        if !numbers.contains(&it.battle) {
            numbers.push(it.battle);
        }
    }
    let side = |side: &Side| {
        let standing = seen(side).map(|it| {
            let number = numbers.iter().position(|number| *number == it.battle).expect("met above");
            (number, it.rank.into(), it.score, it.left, it.until.and_then(|until| clock.coming(until)))
        });
        let verdict = side.verdict.and_then(|it| Some((end(it.outcome), clock.coming(it.until)?)));
        (side.source.0, standing, verdict)
    };
    let countdown = |it: Countdown| (it.of == Span::Punishment, clock.coming(it.end).unwrap_or(clock.now));
    Contest {
        sides: battle.sides.iter().map(side).collect(),
        opening: battle.opening.and_then(|until| clock.coming(until)),
        countdown: battle.countdown.map(countdown),
        on_tiles_only: battle.on_tiles_only,
    }
}

fn end(outcome: Outcome) -> End {
    match outcome {
        Outcome::Victory => End::Victory,
        Outcome::Defeat => End::Defeat,
        Outcome::Draw => End::Draw,
    }
}
