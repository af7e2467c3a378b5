//! Routes of the interface that are not built yet: each answers 501 and says so, to whoever has a token. Nothing here
//! pretends.

use axum::extract::OriginalUri;
use axum::http::Method;

use super::auth::Bearer;
use super::cases::Case;
use super::openapi::{Methods, Routes};
use super::problem::{Problem, escaped};

/// What is on the interface's page and missing here, by path; what each will be.
const LATER: &[(&[Method], &str, &str)] = &[];

/// All of them.
pub(super) fn routes() -> Routes {
    LATER.iter().fold(Routes::new(), |routes, (methods, path, what)| {
        let methods = methods.iter().fold(Methods::default(), |methods, method| {
            let refuse = async move |_: Bearer, method: Method, uri: OriginalUri| refuse(method, uri, what).await;
            methods.on(method.clone(), refuse)
        });
        routes.route(path, methods)
    })
}

async fn refuse(method: Method, OriginalUri(uri): OriginalUri, what: &'static str) -> Problem {
    let path = escaped(uri.path());
    let detail = format!("{method} {path}: {what} is part of the interface, but this version does not have it yet");
    Problem::new(Case::NotBuilt, detail)
}
