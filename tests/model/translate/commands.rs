//! What the model asks, as the machine is asked.

use costage::live::command::{
    BattleRequest, Command as Asked, ConnectionRequest, Fit, Gift, LayoutWish, LiveChange, LiveEndReason, MediaState,
    NewLive, Overlays, OverlaysChange, PreviewWish, RegionWish, ScoreChange, ScoreOp, ScoreSource, SeatCommand,
    SeatMode, SeatTemplate, SocketState, TemplateRef, User,
};
use costage::live::{GiftTable, LiveId, ScoreKey, UserId};
use costage_media::forward::FeedId;
use costage_media::scene::SourceId;

use super::Numbers;
use super::seat_commands::seat;
use crate::command::{self, BattleWish, Command, Cursor, Field, Table, Wish};
use crate::words::{Person, Text};

impl Numbers {
    pub(crate) fn command(&self, command: &Command) -> Asked {
        match command {
            Command::Create(new) => Asked::CreateLive(Box::new(new_live(new))),
            Command::Update { live, fields } => Asked::UpdateLive(Box::new(change(live, fields))),
            Command::End { live, by_server } => {
                let reason = if *by_server { LiveEndReason::EndedByServer } else { LiveEndReason::EndedByHost };
                Asked::EndLive { live: id(live), reason }
            }
            Command::FindLive(live) => Asked::FindLive(id(live)),
            Command::List { cursor, count } => Asked::ListLives { cursor: text(*cursor), count: *count },
            Command::Candidates { live, cursor, count } => {
                Asked::ListCandidates { live: id(live), cursor: text(*cursor), count: *count }
            }
            Command::Request { live, targets, template, seconds, extension } => {
                Asked::RequestConnection(ConnectionRequest {
                    live: id(live),
                    targets: targets.iter().map(|target| id(target)).collect(),
                    template: template.map(wish),
                    timeout_seconds: *seconds,
                    extension_info: (*extension).to_owned(),
                })
            }
            Command::Accept { live, from } => Asked::AcceptConnection { live: id(live), from: id(from) },
            Command::Reject { live, from } => Asked::RejectConnection { live: id(live), from: id(from) },
            Command::Cancel { live, to } => Asked::CancelConnection { live: id(live), to: id(to) },
            Command::Exit(live) => Asked::ExitConnection { live: id(live) },
            Command::KickOut(live) => Asked::KickFromConnection { live: id(live) },
            Command::FindCoHost(live) => Asked::FindCoHost(id(live)),
            Command::Seat { live, by, ask } => {
                let (by, action) = seat(*by, ask);
                Asked::Seat(Box::new(SeatCommand { live: id(live), by, action }))
            }
            Command::FindSeats(live) => Asked::FindSeats(id(live)),
            Command::FindWishes(live) => Asked::FindSeatRequests(id(live)),
            Command::FindLayout(live) => Asked::FindLayout(id(live)),
            Command::Preview { live, template, hosts } => {
                let template = template.map(wish);
                Asked::Preview(PreviewWish { live: id(live), template, hosts: *hosts })
            }
            Command::Layout { live, layout } => Asked::ChooseLayout { live: id(live), layout: arrangement(layout) },
            Command::CheckLayout { live, layout } => {
                Asked::CheckLayout { live: live.map(id), layout: arrangement(layout) }
            }
            Command::PreviewLayout { live, layout } => {
                Asked::PreviewLayout { live: live.map(id), layout: arrangement(layout) }
            }
            Command::SetGifts(table) => Asked::SetGifts(gift_table(table)),
            Command::Publish { live, user: publisher } => Asked::Publish { live: id(live), user: user_id(publisher) },
            Command::PublishFromSeat { live, index, user } => {
                Asked::PublishFromSeat { live: id(live), index: *index, user: user.map(user_id) }
            }
            Command::Watch(live) => Asked::Watch { live: id(live) },
            Command::WatchHost { live, user: by } => Asked::WatchHost { live: id(live), user: user_id(by) },
            Command::WatchReturn { live, user: by } => Asked::WatchReturn { live: id(live), user: user_id(by) },
            Command::Media { serial, up } => {
                let state = if *up { MediaState::Up } else { MediaState::Down };
                Asked::Media { source: SourceId(*serial), state }
            }
            Command::Socket { serial, open } => {
                let state = if *open { SocketState::Open } else { SocketState::Lost };
                Asked::HostSocket { feed: FeedId((*serial).into()), state }
            }
            about_a_battle => self.battle_command(about_a_battle),
        }
    }

    fn battle_command(&self, command: &Command) -> Asked {
        let users = |users: &[Text]| users.iter().map(|user| user_id(user)).collect();
        match command {
            Command::Battle(wish) => Asked::RequestBattle(battle_request(wish)),
            Command::AcceptBattle { battle, user } => {
                Asked::AcceptBattle { battle: self.id(*battle), user: user_id(user) }
            }
            Command::RejectBattle { battle, user } => {
                Asked::RejectBattle { battle: self.id(*battle), user: user_id(user) }
            }
            Command::CancelBattle { battle, users: meant } => {
                Asked::CancelBattle { battle: self.id(*battle), users: meant.as_deref().map(users) }
            }
            Command::ExitBattle { battle, user } => Asked::ExitBattle { battle: self.id(*battle), user: user_id(user) },
            Command::Rematch { battle, user } => {
                Asked::RematchBattle { battle: self.id(*battle), user: user.map(user_id) }
            }
            Command::FindBattle(battle) => Asked::FindBattle(self.id(*battle)),
            Command::FindBattleOf(live) => Asked::FindBattleOf(id(live)),
            Command::Score { battle, key, set, scores, sender } => {
                let source = ScoreSource { sender_id: (*sender).to_owned(), ..ScoreSource::default() };
                let scores = scores.iter().map(|(user, value)| (user_id(user), *value)).collect();
                let op = if *set { ScoreOp::Set } else { ScoreOp::Add };
                Asked::Score {
                    battle: self.id(*battle),
                    key: score_key(key),
                    change: ScoreChange { op, scores, source },
                }
            }
            Command::Gift { battle, key, gift: command::Gift { receiver, gift, count, value, sender } } => {
                let gift = Gift {
                    receiver: user_id(receiver),
                    gift_id: (*gift).to_owned(),
                    count: *count,
                    value: *value,
                    sender_id: (*sender).to_owned(),
                    reference: String::new(),
                };
                Asked::Gift { battle: self.id(*battle), key: score_key(key), gift }
            }
            Command::Ledger { battle, cursor, count } => {
                Asked::FindLedger { battle: self.id(*battle), cursor: text(*cursor), count: *count }
            }
            other => unreachable!("{other:?} is about no battle"),
        }
    }
}

fn id(live: &str) -> LiveId {
    LiveId::new(live).expect("the model's ids are good ones")
}

pub(super) fn user_id(user: &str) -> UserId {
    UserId::new(user).expect("the model's ids are good ones")
}

fn score_key(key: &str) -> ScoreKey {
    ScoreKey::new(key).expect("the model's keys are good ones")
}

pub(super) fn user(person: &Person<'_>) -> User {
    User { user_id: user_id(person.id), user_name: person.name.to_owned(), avatar_url: person.avatar.to_owned() }
}

fn text(cursor: Cursor) -> String {
    match cursor {
        Cursor::Start => String::new(),
        Cursor::After(number) => number.to_string(),
        Cursor::Nonsense => "nonsense".to_owned(),
    }
}

fn wish(wish: Wish) -> TemplateRef {
    match wish {
        Wish::Name(name) => TemplateRef::Name(name.to_owned()),
        Wish::Number(number) => TemplateRef::Id(number),
    }
}

fn arrangement(layout: &command::Layout) -> LayoutWish {
    match layout {
        command::Layout::Template(template) => LayoutWish::Template(wish(*template)),
        command::Layout::Regions(regions) => LayoutWish::Regions(regions.iter().map(region).collect()),
    }
}

fn region(it: &command::RegionWish) -> RegionWish {
    let fit = [Fit::Cover, Fit::Contain, Fit::Fill][usize::from(it.fit)];
    let command::RegionWish { x, y, w, h, z, radius, of, seat, .. } = *it;
    RegionWish { x, y, w, h, z, fit, corner_radius: radius, live: id(of), seat }
}

fn seat_template(name: Text) -> SeatTemplate {
    let named = SeatTemplate::ALL.into_iter().find(|template| template.name() == name);
    named.expect("the model draws the machine's own")
}

fn mode(free: bool) -> SeatMode {
    if free { SeatMode::Free } else { SeatMode::Apply }
}

fn owned(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn new_live(new: &command::NewLive) -> NewLive {
    let settings = &new.settings;
    let [names, battle, container] = settings.overlays;
    NewLive {
        live_id: id(new.live),
        live_name: settings.name.to_owned(),
        owner: user(&new.owner),
        notice: settings.notice.to_owned(),
        is_public_visible: settings.public,
        is_seat_enabled: settings.seats,
        keep_owner_on_seat: settings.keep_owner,
        max_seat_count: settings.seat_count,
        seat_mode: mode(settings.free),
        seat_template: seat_template(settings.template),
        cover_url: settings.cover.to_owned(),
        background_url: settings.background.to_owned(),
        category_list: owned(&settings.categories),
        activity_status: settings.activity,
        meta_data: settings.meta.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        overlays: Overlays { names, battle, container },
    }
}

fn change(live: &str, fields: &[Field]) -> LiveChange {
    let mut change = LiveChange::of(id(live));
    for field in fields {
        match field {
            Field::Name(name) => change.live_name = Some((*name).to_owned()),
            Field::Notice(notice) => change.notice = Some((*notice).to_owned()),
            Field::Public(public) => change.is_public_visible = Some(*public),
            Field::Seats(seats) => change.is_seat_enabled = Some(*seats),
            Field::KeepOwner(keep) => change.keep_owner_on_seat = Some(*keep),
            Field::SeatCount(count) => change.max_seat_count = Some(*count),
            Field::Free(free) => change.seat_mode = Some(mode(*free)),
            Field::Template(template) => change.seat_template = Some(seat_template(template)),
            Field::Cover(cover) => change.cover_url = Some((*cover).to_owned()),
            Field::Background(background) => change.background_url = Some((*background).to_owned()),
            Field::Categories(categories) => change.category_list = Some(owned(categories)),
            Field::Activity(activity) => change.activity_status = Some(*activity),
            Field::Meta(meta) => {
                let meta = meta.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
                change.meta_data = Some(meta.collect());
            }
            Field::Overlay(which, drawn) => {
                let OverlaysChange { names, battle, container } = &mut change.overlays;
                *[names, battle, container][*which] = Some(*drawn);
            }
        }
    }
    change
}

fn battle_request(wish: &BattleWish) -> BattleRequest {
    BattleRequest {
        live: id(wish.live),
        users: wish.users.iter().map(|user| user_id(user)).collect(),
        duration_seconds: wish.seconds,
        need_response: wish.need_response,
        timeout_seconds: wish.timeout,
        extension_info: wish.extension.to_owned(),
        punishment_seconds: wish.punishment,
        end_connection_after: wish.part_after,
    }
}

fn gift_table(table: &Table) -> GiftTable {
    GiftTable {
        fixed: table.fixed.iter().map(|(gift, points)| ((*gift).to_owned(), *points)).collect(),
        tiers: table.tiers.iter().copied().collect(),
    }
}
