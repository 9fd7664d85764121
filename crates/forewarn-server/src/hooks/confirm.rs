//! The link by which somebody says that they have read a message. The GET only shows a page with a button, because programs that
//! look into mail follow links; the POST needs no sign-in: who has the link has the mailbox.

use crate::app::App;
use crate::ops::acknowledgement::{self, How};
use crate::ops::call_list;
use crate::visitor::{NO_BODY, Visitor, open_to_all};
use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;

/// The route of the links in messages.
pub fn routes() -> Router<App> {
    open_to_all(
        Router::new().route("/confirm/{token}", get(show).post(confirm)),
        NO_BODY,
    )
}

async fn show(visitor: Visitor, uri: Uri) -> Response {
    // The page is the same for every token, known or not.
    let links = &visitor.speech.texts.links;
    let [title, words] = links.read_it;
    let button = (
        visitor.speech.answered(uri.path()),
        links.i_read_it.to_owned(),
    );
    visitor.says((StatusCode::OK, title, words.to_owned()), Some(button))
}

async fn confirm(visitor: Visitor, Path(token): Path<String>) -> Response {
    let (app, links) = (&visitor.app, &visitor.speech.texts.links);
    let noted = async {
        Ok(
            match acknowledgement::by_token(app, &token, How::Link).await? {
                Some(asked) => {
                    call_list::confirmed(app, &asked.notice).await?;
                    (StatusCode::OK, links.noted)
                }
                None => (StatusCode::NOT_FOUND, links.does_not_work),
            },
        )
    };
    visitor.answered(
        noted
            .await
            .map(|(status, [title, words])| visitor.says((status, title, words.to_owned()), None)),
    )
}
