//! The one table of routes: what serves requests, and what the document is made of.
//!
//! Used as axum's own router is; a handler that cannot describe itself does not compile.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter};

use super::super::state::ApiState;
use super::handler::Described;
use super::sketch::Sketch;

type Describe = fn(&mut Sketch<'_>);

/// One method of one route.
pub(in crate::api) struct Operation {
    pub(super) method: Method,
    /// As axum writes it: `/v1/lives/{live}`.
    pub(super) path: String,
    pub(super) describe: Describe,
}

/// Routes, served and described.
#[derive(Default)]
pub(in crate::api) struct Routes {
    router: Router<ApiState>,
    operations: Vec<Operation>,
}

impl Routes {
    pub(in crate::api) fn new() -> Self {
        Self::default()
    }

    /// Adds a route.
    #[must_use]
    pub(in crate::api) fn route(mut self, path: &str, methods: Methods) -> Self {
        let described = methods.described.into_iter();
        let operations = described.map(|(method, describe)| Operation { method, path: path.to_owned(), describe });
        self.operations.extend(operations);
        Self { router: self.router.route(path, methods.router), ..self }
    }

    /// Adds all routes of another table.
    #[must_use]
    pub(in crate::api) fn merge(mut self, other: Self) -> Self {
        self.operations.extend(other.operations);
        Self { router: self.router.merge(other.router), ..self }
    }

    /// What serves them.
    pub(in crate::api) fn into_router(self) -> Router<ApiState> {
        self.router
    }

    pub(super) fn into_operations(self) -> Vec<Operation> {
        self.operations
    }
}

/// The methods of one route.
#[derive(Default)]
pub(in crate::api) struct Methods {
    router: MethodRouter<ApiState>,
    described: Vec<(Method, Describe)>,
}

impl Methods {
    /// Adds a method.
    #[must_use]
    pub(in crate::api) fn on<H, T>(mut self, method: Method, handler: H) -> Self
    where
        H: Handler<T, ApiState> + Described<T>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("routes name standard methods only");
        self.described.push((method, <H as Described<T>>::describe));
        Self { router: self.router.on(filter, handler), ..self }
    }

    /// What answers all other methods; it is no part of the interface.
    #[must_use]
    pub(in crate::api) fn fallback<H, T>(self, handler: H) -> Self
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        Self { router: self.router.fallback(handler), ..self }
    }
}

macro_rules! methods {
    ($($name:ident $method:ident)*) => {
        impl Methods {
            $(#[doc = concat!("Adds ", stringify!($method), ".")]
            #[must_use]
            pub(in crate::api) fn $name<H, T>(self, handler: H) -> Self
            where
                H: Handler<T, ApiState> + Described<T>,
                T: 'static,
            {
                self.on(Method::$method, handler)
            })*
        }
    };
}

methods! { get GET post POST put PUT patch PATCH delete DELETE head HEAD options OPTIONS }

macro_rules! beginnings {
    ($($name:ident)*) => {
        $(#[doc = concat!("A route that begins with ", stringify!($name), ".")]
        pub(in crate::api) fn $name<H, T>(handler: H) -> Methods
        where
            H: Handler<T, ApiState> + Described<T>,
            T: 'static,
        {
            Methods::default().$name(handler)
        })*
    };
}

beginnings! { get post patch put }
