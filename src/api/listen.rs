//! Serving: the public listener, and the one for metrics.
//!
//! Connections are bounded in number, in all and by address ([`super::places`]); heads and bodies of requests in time
//! ([`HEAD_MAX`], [`super::body`]), and so is an answer that is not read ([`super::stalled`]): who sends or reads slowly or
//! not at all holds a place for a while and costs nobody else anything.

use std::future::Future;
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use axum::routing::get;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::cases::Case;
use super::places::{NoPlace, Place, Places};
use super::problem::Problem;
use super::refusals::BUSY_SECONDS;
use super::stalled::Stalling;

/// Serves `router` until `until` resolves and every open connection has ended; what is still open when this is dropped
/// is cut. At most `connections_max` connections are open at once (event sockets are counted apart); further ones are
/// told 503 and closed.
pub async fn serve(listener: TcpListener, router: Router, connections_max: usize, until: impl Future<Output = ()>) {
    let places = Places::new(connections_max);
    let (ending, _) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut until = pin!(until);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => match places.take(from.ip()) {
                    Ok(place) => drop(connections.spawn(connection(stream, from, router.clone(), ending.subscribe(), place))),
                    Err(refused) => shed(stream, refused),
                },
                Err(error) => not_accepted(&error).await,
            },
            // Takes the ended ones out of the set.
            Some(_) = connections.join_next() => {}
            () = &mut until => break,
        }
    }
    drop(listener);
    ending.send_replace(true);
    while connections.join_next().await.is_some() {}
}

/// One connection to its end, or to its last answer once the server is ending.
async fn connection(
    stream: TcpStream,
    from: SocketAddr,
    router: Router,
    mut ending: watch::Receiver<bool>,
    _place: Place,
) {
    // Events and answers are small and wanted at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "nodelay");
    }
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(from));
        router.call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX);
    let mut served = pin!(http.serve_connection(TokioIo::new(Stalling::new(stream)), service).with_upgrades());
    // An error would mean that the listener is gone: the same.
    let ending = async { drop(ending.wait_for(|ending| *ending).await) };
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = ending => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection has ended badly");
    }
}

/// One more than there may be: told so in one packet, as far as the system takes it at once.
fn shed(stream: TcpStream, refused: NoPlace) {
    metrics::counter!("costage_http_connections_refused_total").increment(1);
    let problem = Problem::new(Case::Overloaded, refused.to_string());
    problem.count();
    let problem = problem.to_json();
    let told = stream.into_std().and_then(|mut stream| {
        let length = problem.len();
        let head = format!(
            "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: {BUSY_SECONDS}\r\n\
             connection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all((head + &problem).as_bytes())
    });
    if let Err(error) = told {
        tracing::trace!(%error, "a connection was shed without a word");
    }
}

/// A connection that broke before it was accepted is no news; anything else (no file descriptors, as a rule) will not
/// be better at once.
async fn not_accepted(error: &std::io::Error) {
    let of_one = [ErrorKind::ConnectionRefused, ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset];
    if !of_one.contains(&error.kind()) {
        tracing::error!(%error, "connections cannot be accepted; is the limit of open files too low (ulimit -n)?");
        tokio::time::sleep(ACCEPT_AGAIN).await;
    }
}

/// `/metrics` in Prometheus' text format.
pub fn metrics_router(render: Arc<dyn Fn() -> String + Send + Sync>) -> Router {
    let scrape = move || {
        let text = render();
        async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text) }
    };
    Router::new().route("/metrics", get(scrape))
}

/// Longest wait for the head of a request, from the connection's start or the answer before: also how long a connection
/// may be idle.
const HEAD_MAX: Duration = Duration::from_secs(20);
/// After a failure to accept that is not of one connection.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);
