//! The console's routes: who is signed in, and the pages behind that.

use super::{ErrorPage, Frame, Nav, PlainPage};
use crate::app::App;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

/// Every page and form of the console.
pub fn router(_app: &App) -> Router<App> {
    Router::new()
}

/// The page for an address where nothing is.
pub async fn not_found(app: &App, path: &str) -> Response {
    let _ = (
        path,
        ErrorPage::render,
        Nav::Elsewhere,
        std::mem::size_of::<Frame>(),
    );
    let organisation = app
        .store
        .catalogue()
        .await
        .map(|c| c.organisation.name)
        .unwrap_or_default();
    let page = PlainPage {
        organisation,
        title: "There is nothing here".into(),
        words: "The address may be mistyped, or what stood here is gone.".into(),
        button: None,
    };
    (StatusCode::NOT_FOUND, Html(page.render())).into_response()
}
