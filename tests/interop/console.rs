//! The console, driven as two hosts would: both scenarios of the product's guides to the end, and what may go otherwise.
//!
//! ```text
//! Chromium: /console?live=a ─┬─REST─▶ costage serve --dev ─events─┬─▶ /console?live=a   what each window shows,
//!           /console?live=b ─┘                                    └─▶ /console?live=b   and what REST says
//! ```

mod storage;

use serde_json::{Value, json};

use crate::chromium::{Browser, Page};
use crate::server::Server;
use crate::{ALICE, BOB, Host, PATIENCE, alone, publish};

/// Keeps the page's sockets, so that a test can cut them; and a clock of this machine that is an hour wrong.
const SCRIPT: &str = "(() => {
    const Real = WebSocket;
    window.sockets = [];
    window.WebSocket = class extends Real {
        constructor(...given) { super(...given); window.sockets.push(this); }
    };
    const now = Date.now;
    Date.now = () => now() + 3600000;
})()";
/// Between what a window shows of the time left and what the server says, seconds: rounding up, and a busy machine.
const COUNTDOWN_TOLERANCE_SECONDS: f64 = 2.5;

/// A window of the console, used as a person does: what is not seen cannot be pressed.
struct Window<'a>(Page<'a>);

impl<'a> Window<'a> {
    /// The console of a host's live, up to date.
    fn of(browser: &'a Browser, server: &Server, host: Host) -> Self {
        Self::at(browser, server, &format!("console-{}", host.live), &format!("live={}", host.live))
    }

    fn at(browser: &'a Browser, server: &Server, name: &str, query: &str) -> Self {
        let window = Self(browser.open_with(name, &server.url(&format!("/console?{query}")), SCRIPT));
        window.says("#link", "Up to date");
        window
    }

    fn sees(&self, selector: &str) {
        self.0.wait_for(&format!("document.querySelector(`{selector}`).getClientRects().length > 0"), PATIENCE);
    }

    fn misses(&self, selector: &str) {
        self.0.wait_for(&format!("!document.querySelector(`{selector}`)?.getClientRects().length"), PATIENCE);
    }

    /// Whatever the case: headings are shown in capitals.
    fn says(&self, selector: &str, words: &str) {
        self.sees(selector);
        let words = words.to_lowercase();
        self.0.wait_for(
            &format!("document.querySelector(`{selector}`).innerText.toLowerCase().includes({})", json!(words)),
            PATIENCE,
        );
    }

    fn press(&self, selector: &str) {
        self.sees(selector);
        self.0.evaluate(&format!("void document.querySelector(`{selector}`).click()"));
    }

    fn fill(&self, selector: &str, value: &str) {
        self.sees(selector);
        self.0.evaluate(&format!("void (document.querySelector(`{selector}`).value = {})", json!(value)));
    }

    fn tick(&self, selector: &str, on: bool) {
        self.0.evaluate(&format!("void (document.querySelector(`{selector}`).checked = {on})"));
    }

    /// The time left that it shows, in seconds; waits until it shows one.
    fn seconds_left(&self, selector: &str) -> f64 {
        self.sees(selector);
        self.0.wait_for(&format!("/^\\d+:\\d\\d$/.test(document.querySelector(`{selector}`).textContent)"), PATIENCE);
        self.0.number(&format!(
            "(([m, s]) => 60 * m + Number(s))(document.querySelector(`{selector}`).textContent.split(':'))"
        ))
    }

    fn ends_well(&self) {
        assert_eq!(self.0.complaints(), Vec::<String>::new(), "the console of the browser stays empty");
    }
}

fn get(server: &Server, path: &str) -> Value {
    server.admin("GET", path, &json!(null)).expect_status(200)
}

fn wait_for_state(server: &Server, what: &str, holds: impl Fn() -> bool) {
    server.wait_until(what, PATIENCE, holds);
}

fn connected(server: &Server) -> Value {
    get(server, "/v1/lives/a/co-host")["connected"].clone()
}

/// A server that knows what a gift is worth: five points for each unit of value.
fn server_with_gifts() -> Server {
    let file = format!("{}/console-gifts.toml", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, "[[gift_tiers]]\nfrom_value = 0\nfactor = 5\n").expect("the target folder is writable");
    Server::start_as(&["serve", "--dev", "--memory", "--config", &file])
}

fn create_live(server: &Server, host: Host, seat_mode: &str) {
    let owner = json!({"userId": host.user, "userName": host.user});
    let live = json!({"liveId": host.live, "liveName": host.live, "owner": owner, "seatMode": seat_mode});
    server.admin("POST", "/v1/lives", &live).expect_status(201);
}

/// Two lives whose consoles are open.
fn two_windows<'a>(browser: &'a Browser, server: &Server, seat_mode: &str) -> [Window<'a>; 2] {
    [ALICE, BOB].map(|host| {
        create_live(server, host, seat_mode);
        Window::of(browser, server, host)
    })
}

fn invite_and_accept(server: &Server, a: &Window<'_>, b: &Window<'_>) {
    a.fill("#invite [name=target]", "b");
    a.press("#invite button");
    b.press("#accept");
    for window in [a, b] {
        window.says("#connected", "alice");
        window.says("#connected", "bob");
    }
    assert_eq!(connected(server), json!(["a", "b"]));
}

fn set_battle(window: &Window<'_>, duration: &str, punishment: &str, need_response: bool, part: bool) {
    window.fill("#battle-form [name=durationSeconds]", duration);
    window.fill("#battle-form [name=punishmentSeconds]", punishment);
    window.tick("#battle-form [name=needResponse]", need_response);
    window.tick("#battle-form [name=endConnectionAfter]", part);
}

/// The window's countdown against the server's own clock.
fn assert_counts_by_the_server(server: &Server, window: &Window<'_>, end_time: &Value) {
    let shown = window.seconds_left("#battle-running .countdown");
    let now = get(server, "/v1/time")["serverTime"].as_f64().expect("time is a number");
    let left = (end_time.as_f64().expect("a running battle has an end") - now) / 1000.0;
    assert!((shown - left).abs() <= COUNTDOWN_TOLERANCE_SECONDS, "the window shows {shown} s, the server has {left} s");
}

/// Cuts the window's event socket while a gift comes in: it goes on where it was.
fn assert_resumes_after_a_cut(server: &Server, window: &Window<'_>, battle: &str) {
    let own = "sockets.filter((socket) => socket.url.includes('/lives/b/events'))";
    let before = window.0.number(&format!("{own}.length"));
    window.0.evaluate(&format!("void {own}.at(-1).close()"));
    let points = json!({"op": "add", "scores": [{"userId": "bob", "value": 7}]});
    server.admin_once("cut", "POST", &format!("/v1/battles/{battle}/scores"), &points).expect_status(200);
    window.says("#scores [data-key=bob] .score", "7");
    window.says("#link", "Up to date");
    assert!(window.0.number(&format!("{own}.length")) > before);
    assert!(window.0.text(&format!("{own}.at(-1).url")).contains("after="), "it did not resume");
}

#[test]
fn scenario_one_connect_then_battle_then_punishment_then_part() {
    let _alone = alone();
    let server = server_with_gifts();
    let browser = Browser::launch();
    let [a, b] = two_windows(&browser, &server, "free");
    let publishers = [publish(&browser, &server, ALICE), publish(&browser, &server, BOB)];

    // Alice finds bob among the candidates and invites him; he accepts.
    a.press("#candidates [data-key=b] [data-do=invite]");
    a.says("#invited", "bob");
    b.says("#incoming", "alice (a) invites you");
    assert!(b.seconds_left("#incoming .countdown") <= 30.0);
    b.press("#accept");
    for window in [&a, &b] {
        window.says("#connected", "alice");
        window.says("#connected", "bob");
        window.misses("#invited-part");
    }
    assert_eq!(connected(&server), json!(["a", "b"]));
    a.fill("#layout [name=layoutTemplate]", "2");
    a.press("#layout button");
    b.says("#template", "hostVoiceConnection");
    assert_eq!(get(&server, "/v1/lives/b/layout")["templateId"], 2);

    // A battle that needs bob's answer.
    set_battle(&a, "3", "4", true, false);
    a.press("#battle-form > button");
    a.says("#battle-form .refused", "durationSeconds");
    set_battle(&a, "15", "4", true, false);
    a.press("#battle-form > button");
    a.says("#battle-pending", "Waiting for bob");
    a.misses("#battle-form .refused");
    b.says("#battle-incoming", "alice (a) asks you for a battle of 15 s, a punishment of 4 s");
    b.press("#battle-accept");
    for window in [&a, &b] {
        window.sees("#battle-running");
        window.misses("#battle-incoming");
        window.misses("#battle-pending");
    }
    let battle = get(&server, "/v1/lives/b/battle");
    assert_eq!((&battle["status"], &battle["needResponse"]), (&json!("started"), &json!(true)));
    let id = battle["battleId"].as_str().expect("a battle has an id");
    for window in [&a, &b] {
        assert_counts_by_the_server(&server, window, &battle["endTime"]);
    }

    // A gift of 10 is worth 50 points; both windows see it.
    a.fill("#gift-form [name=receiver]", "alice");
    a.press("#gift-form button");
    for window in [&a, &b] {
        window.says("#scores [data-key=alice] .score", "50");
    }
    assert_resumes_after_a_cut(&server, &b, id);
    assert_eq!(get(&server, &format!("/v1/battles/{id}"))["scores"], json!({"alice": 50, "bob": 7}));
    a.0.screenshot();

    // The end: winner, ranking, punishment, and co-hosting goes on.
    a.says("#outcome", "Victory");
    b.says("#outcome", "alice won");
    for window in [&a, &b] {
        window.sees("#battle-punishment");
        window.misses("#battle-running");
        window.says("#ranking li:first-child", "alice");
        window.says("#ranking li:first-child", "viewer1 50");
        window.says("#ranking li:last-child", "bob");
    }
    for window in [&a, &b] {
        window.misses("#battle-punishment");
        window.says("#battle-note", "The punishment is over");
    }
    let ended = get(&server, &format!("/v1/battles/{id}"));
    assert_eq!((&ended["status"], &ended["result"]["winners"]), (&json!("ended"), &json!(["alice"])));
    assert_eq!(connected(&server), json!(["a", "b"]));

    // Once more, from the other side; this time alice does not want to.
    b.press("#rematch");
    a.says("#battle-incoming", "bob (b) asks you for a battle of 15 s, a punishment of 4 s");
    a.press("#battle-reject");
    b.says("#battle-note", "alice (a) has rejected the battle");
    b.press("#leave");
    for window in [&a, &b] {
        window.sees("#alone");
        window.says("#co-host-note", "bob (b) has left");
        window.ends_well();
    }
    assert_eq!(connected(&server), json!([]));
    assert!(publishers.iter().all(|page| page.complaints().is_empty()));
    server.stop();
}

#[test]
fn scenario_two_battle_at_once_leave_early_and_part_after_it() {
    let _alone = alone();
    let server = server_with_gifts();
    let browser = Browser::launch();
    let [a, b] = two_windows(&browser, &server, "free");
    let _publishers = [publish(&browser, &server, ALICE), publish(&browser, &server, BOB)];

    // The invitation says withPK: when it is accepted, alice's page starts the battle in its handler.
    set_battle(&a, "10", "0", true, true);
    a.tick("#invite [name=withBattle]", true);
    a.fill("#invite [name=target]", "b");
    a.press("#invite button");
    b.says("#incoming", "A battle starts as soon as you accept");
    b.press("#accept");
    for window in [&a, &b] {
        window.sees("#battle-running");
    }
    let battle = get(&server, "/v1/lives/a/battle");
    let flags = [&battle["status"], &battle["needResponse"], &battle["endConnectionAfter"]];
    assert_eq!(flags, [&json!("started"), &json!(false), &json!(true)]);
    b.fill("#gift-form [name=receiver]", "bob");
    b.press("#gift-form button");
    a.says("#scores [data-key=bob] .score", "50");

    // Bob leaves early: alice plays on to the end and wins, and then they part.
    b.press("#battle-exit");
    a.says("#scores [data-key=bob]", "has left");
    a.sees("#battle-running");
    b.misses("#battle-exit");
    a.says("#outcome", "Victory");
    for window in [&a, &b] {
        window.says("#ranking li:last-child", "bob");
        window.says("#ranking li:last-child", "left early");
        window.sees("#alone");
    }
    wait_for_state(&server, "they have parted", || connected(&server) == json!([]));

    // A rematch of hosts that are not connected is refused, in the server's words, beside the button.
    let path = format!("/v1/battles/{}/rematch", battle["battleId"].as_str().expect("a battle has an id"));
    let problem = server.admin("POST", &path, &json!({"userId": "alice"})).expect_status(409);
    a.press("#rematch");
    a.says("#battle-result .refused", problem["detail"].as_str().expect("a problem has a detail"));
    a.0.screenshot();
    for window in [&a, &b] {
        window.ends_well();
    }
    server.stop();
}

#[test]
fn invitations_and_battle_requests_are_rejected_cancelled_and_time_out_in_both_windows() {
    let _alone = alone();
    let server = Server::start();
    let browser = Browser::launch();
    let [a, b] = two_windows(&browser, &server, "free");

    let target = json!({"targetLiveIds": ["nowhere"], "timeoutSeconds": 30});
    let problem = server.admin("POST", "/v1/lives/a/co-host/requests", &target).expect_status(404);
    a.fill("#invite [name=target]", "nowhere");
    a.press("#invite button");
    a.says("#invite .refused", problem["detail"].as_str().expect("a problem has a detail"));

    a.fill("#invite [name=target]", "b");
    a.press("#invite button");
    b.press("#reject");
    a.says("#co-host-note", "bob (b) has rejected the invitation");
    b.misses("#incoming");
    a.misses("#invited-part");

    a.press("#invite button");
    b.sees("#incoming");
    a.press("#invited [data-do=cancel]");
    b.says("#co-host-note", "alice (a) has cancelled the invitation");
    b.misses("#incoming");

    a.fill("#invite [name=timeoutSeconds]", "1");
    a.press("#invite button");
    a.says("#co-host-note", "did not answer the invitation in time");
    b.says("#co-host-note", "has timed out");
    b.misses("#incoming");
    assert_eq!(connected(&server), json!([]));

    a.fill("#invite [name=timeoutSeconds]", "30");
    invite_and_accept(&server, &a, &b);
    a.press("#battle-form > button");
    b.press("#battle-reject");
    a.says("#battle-note", "bob (b) has rejected the battle");
    a.misses("#battle-pending");
    a.press("#battle-form > button");
    b.sees("#battle-incoming");
    a.press("#battle-cancel");
    b.says("#battle-note", "has cancelled the battle request");
    b.misses("#battle-incoming");
    a.fill("#battle-form [name=timeoutSeconds]", "1");
    a.press("#battle-form > button");
    for window in [&a, &b] {
        window.says("#battle-note", "bob (b) did not answer the battle request in time");
        window.misses("#battle-incoming");
        window.misses("#battle-pending");
        window.says("#no-battle", "No battle");
        window.ends_well();
    }
    assert_eq!(connected(&server), json!(["a", "b"]));
    server.stop();
}

#[test]
fn a_guest_applies_sits_is_seen_in_the_other_live_and_is_removed() {
    let _alone = alone();
    let server = Server::start();
    let browser = Browser::launch();
    let [a, b] = two_windows(&browser, &server, "apply");
    invite_and_accept(&server, &a, &b);
    let token = server.printed("guest");
    let guest = Window::at(&browser, &server, "console-guest", &format!("live=a&token={token}"));
    let seat = |index: u32| format!("#seats [data-key='a {index}']");
    let of_seat = |index: u32, word: &str| format!("{} [data-do={word}]", seat(index));
    let taken = |index: usize| {
        let seats = get(&server, "/v1/lives/a/seats");
        seats["seatList"][index]["userInfo"]["userId"].as_str().map(str::to_owned)
    };
    b.says("#seats [data-key='a 0']", "alice");
    guest.misses("#battle-form");
    guest.misses("#end");

    guest.fill("#seat-apply [name=seatIndex]", "2");
    guest.press("#seat-apply button");
    guest.says("#applicants", "applies for seat 2");
    a.says("#applicants", "guest");
    a.press("#applicants [data-do=accept]");
    for window in [&a, &b, &guest] {
        window.says(&seat(2), "guest");
        window.misses("#seat-requests");
    }
    assert_eq!(taken(2).as_deref(), Some("guest"));

    a.press(&of_seat(2, "mute"));
    guest.says(&seat(2), "microphone closed by the host");
    a.press(&of_seat(2, "unmute"));
    a.fill("#seat-move [name=userId]", "guest");
    a.fill("#seat-move [name=seatIndex]", "4");
    a.press("#seat-move button");
    b.says(&seat(4), "guest");
    b.misses(&seat(2));
    a.press(&of_seat(2, "lock"));
    b.says(&seat(2), "locked");
    b.misses(&of_seat(4, "kick"));
    a.press(&of_seat(4, "kick"));
    guest.says("#log", "guest was removed from seat 4");
    b.misses(&seat(4));
    assert_eq!(taken(4), None);

    // Invited this time; the first time the guest says no.
    for word in ["reject", "accept"] {
        a.fill("#seat-invite [name=userId]", "guest");
        a.fill("#seat-invite [name=seatIndex]", "1");
        a.press("#seat-invite button");
        guest.says("#seat-invitees", "is invited to seat 1");
        guest.press(&format!("#seat-invitees [data-do={word}]"));
        a.misses("#seat-requests");
    }
    b.says(&seat(1), "guest");
    guest.0.screenshot();
    guest.press(&of_seat(1, "leave"));
    b.misses(&seat(1));
    for window in [&a, &b, &guest] {
        window.ends_well();
    }
    server.stop();
}

#[test]
fn lives_are_created_and_ended_and_the_backend_acts_for_any_of_them() {
    let _alone = alone();
    let server = Server::start();
    let browser = Browser::launch();
    let a = Window(browser.open_with("console-a", &server.url("/console?live=a"), SCRIPT));
    a.says("#missing", "This live does not exist");
    a.fill("#create [name=maxSeatCount]", "51");
    a.press("#create button");
    a.says("#create .refused", "maxSeatCount");
    a.fill("#create [name=maxSeatCount]", "4");
    a.fill("#create [name=liveName]", "Evening");
    a.press("#create button");
    a.says("#live-name", "Evening");
    assert_eq!(get(&server, "/v1/lives/a")["maxSeatCount"], 4);

    // The backend sees all lives, creates one for bob, and acts for it.
    let admin = Window(browser.open_with("console-admin", &server.url("/console?live=b&as=admin"), SCRIPT));
    admin.says("#me", "the backend");
    admin.says("#lives", "Evening");
    admin.fill("#create [name=ownerId]", "bob");
    admin.press("#create button");
    admin.says("#live-detail", "of bob");
    admin.fill("#invite [name=target]", "a");
    admin.press("#invite button");
    a.press("#accept");
    a.says("#connected", "bob");
    a.says("#lives [data-key=b]", "with a");
    a.tick("#battle-form [name=needResponse]", false);
    a.press("#battle-form > button");
    admin.sees("#battle-running");
    admin.press("#scoring summary");
    admin.fill("#score-form [name=value]", "321");
    admin.fill("#score-form [name=userId]", "bob");
    admin.press("#score-form button");
    a.says("#scores [data-key=bob] .score", "321");
    // A gift without a row in the table is refused beside its form.
    admin.press("#gift-form button");
    admin.says("#gift-form .refused", "rose");
    admin.0.screenshot();

    admin.press("#end");
    admin.says("#end", "Press again");
    assert_eq!(get(&server, "/v1/lives/b")["liveId"], "b");
    admin.press("#end");
    admin.says("#missing", "This live does not exist");
    admin.says("#ended", "has ended (endedByServer)");
    a.says("#co-host-note", "has ended its live and left");
    a.says("#outcome", "Victory");
    a.sees("#alone");
    for window in [&a, &admin] {
        window.ends_well();
    }
    server.stop();
}

#[test]
fn the_console_fits_a_phone_and_a_desk_with_everything_in_it() {
    let _alone = alone();
    let server = Server::start();
    let browser = Browser::launch();
    let [a, b] = two_windows(&browser, &server, "free");
    invite_and_accept(&server, &a, &b);
    a.press("#battle-form > button");
    b.press("#battle-accept");
    for (name, width, height) in [("phone", 390, 844), ("desk", 1280, 800)] {
        for window in [&a, &b] {
            window.0.resize(width, height);
            window.sees("#battle-running");
            let overflow =
                window.0.number("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(overflow, 0.0, "the console is wider than a {name}");
            let unnamed = window.0.number(
                "[...document.querySelectorAll('button, input, select')].filter((node) => node.offsetParent
                    && !node.textContent.trim() && !node.labels?.length && !node.ariaLabel).length",
            );
            assert_eq!(unnamed, 0.0, "a control without a name");
        }
    }
    // Whoever presses a button that goes with it keeps a place on the keyboard.
    a.0.evaluate("document.querySelector('#battle-exit').focus()");
    a.press("#battle-exit");
    a.misses("#battle-exit");
    assert_eq!(a.0.text("document.activeElement.id"), "battle-title");
    for window in [&a, &b] {
        window.ends_well();
    }
    server.stop();
}
