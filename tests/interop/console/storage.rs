//! What an admin sees in the console of commits, ledger and webhooks; and that nobody else does.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use costage::engine::outbox_log::{DeadLetter, DeliveryLog, OutboxLog};
use costage::live::WallMs;
use costage::store::{Deliveries, OutboxReader};
use serde_json::{Value, json};

use super::{Window, connected, create_live, get};
use crate::chromium::Browser;
use crate::server::Server;
use crate::{ALICE, BOB, alone};

/// A server with a data directory, and an endpoint that nobody listens at.
fn server_with_a_receiver_that_is_down(folder: &str) -> Server {
    drop(fs::remove_dir_all(folder));
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let file = format!("{folder}.toml");
    let table = format!(
        "[[webhooks]]\nname = \"crm\"\nurl = \"http://{nobody}/\"\nallow_private = true\n\
         secrets = [\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]\n"
    );
    fs::write(&file, table).expect("the target folder is writable");
    Server::start_as(&["serve", "--dev", "--data-dir", folder, "--config", &file])
}

/// Five points for alice, in a battle of the lives a and b.
fn score(server: &Server) {
    let request = json!({"targetLiveIds": ["b"]});
    server.admin("POST", "/v1/lives/a/co-host/requests", &request).expect_status(200);
    server.admin("POST", "/v1/lives/b/co-host/requests/a/accept", &json!({})).expect_status(200);
    assert_eq!(connected(server), json!(["a", "b"]));
    let wish = json!({"userIds": ["bob"], "needResponse": false, "timeoutSeconds": 0});
    let battle = server.admin("POST", "/v1/lives/a/battles", &wish).expect_status(201);
    let path = format!("/v1/battles/{}/scores", battle["battleId"].as_str().expect("a battle has an id"));
    let points = json!({"op": "add", "scores": [{"userId": "alice", "value": 5}]});
    server.admin_once("five", "POST", &path, &points).expect_status(200);
}

/// The first event is dead, as three days of trouble would leave it.
fn bury_the_first(folder: &str) {
    let outbox = OutboxReader::open(&Path::new(folder).join("costage.db")).expect("the server has made it");
    let deliveries = Deliveries::open(&Path::new(folder).join("webhooks.db")).expect("the server has made it");
    let row = outbox.after(0, 1).expect("it can be read").remove(0);
    let (endpoint, error) = ("crm".to_owned(), "status 500".to_owned());
    let letter = DeadLetter { endpoint, row, attempts: 9, died: WallMs(1), error, wanted: false };
    deliveries.bury("crm", 1, &[letter]).expect("it can be written");
}

#[test]
fn an_admin_sees_the_ledgers_head_and_a_receiver_that_is_down_and_a_host_sees_nothing_of_it() {
    let _alone = alone();
    let folder = format!("{}/console-storage", env!("CARGO_TARGET_TMPDIR"));
    let server = server_with_a_receiver_that_is_down(&folder);
    let browser = Browser::launch();
    create_live(&server, ALICE, "free");
    create_live(&server, BOB, "free");
    let admin = Window::at(&browser, &server, "console-storage", "live=a&as=admin");
    let host = Window::of(&browser, &server, ALICE);

    admin.says("#ledger-head", "0:000000000000…");
    admin.says("#storage-verdict", "crm does not take what it is sent.");
    let crm = "#endpoints [data-key=crm]";
    admin.says(crm, "events waiting, the oldest for");
    admin.says(&format!("{crm} .grade"), "failing");
    admin.says(&format!("{crm} .failing"), "onnect");
    admin.says("#last-commit", "ago");
    admin.says("#queue", "0");

    score(&server);
    admin.says("#ledger-head", "1:");
    let ledger = get(&server, "/v1/storage")["ledger"].clone();
    let head = format!("1:{}", ledger["hash"].as_str().expect("a hash"));
    assert_eq!(admin.0.text("document.querySelector('#ledger-head').title"), head);

    bury_the_first(&folder);
    admin.says("#storage-verdict", "crm has dead letters.");
    admin.says(&format!("{crm} .grade"), "needs you");
    admin.says(crm, "1 dead letter: costage webhooks replay --endpoint crm");
    admin.0.screenshot();

    host.misses("#storage");
    let asked = "performance.getEntriesByType('resource').filter((entry) => entry.name.includes('/v1/storage')).length";
    assert_eq!(host.0.number(asked), 0.0, "a host's window asks for nothing that it would be refused");
    for window in [&admin, &host] {
        window.ends_well();
    }
    assert_ne!(get(&server, "/v1/storage")["commits"]["count"], Value::from(0));
    server.stop();
}
