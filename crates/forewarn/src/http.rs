//! The listening side: connections to the server, none of which may hold up the others or the end.

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use forewarn_server::App;
use futures_util::future::Either;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

/// A client has so long to send the head of a request, and so long between two requests. Who sends none keeps a file of ours open,
/// of which there are only so many.
const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// When no file is left for a connection, the next is taken after this.
const BREATH: Duration = Duration::from_millis(100);

/// Answers as the installation `app`, its public pages before all else, as [`answer`] does.
pub async fn serve(listener: TcpListener, app: App, stop: watch::Receiver<bool>) {
    answer(
        listener,
        forewarn_server::router(app.clone()),
        Some(app),
        stop,
    )
    .await;
}

/// Answers until it is told to stop (or nobody is left who could), and then until what was asked by then is answered.
pub async fn answer(
    listener: TcpListener,
    router: Router,
    app: Option<App>,
    mut stop: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let connection =
                    connection(stream, app.clone(), router.clone(), ConnectInfo(address));
                tokio::spawn(graceful.watch(connection));
            }
            Err(problem) => {
                tracing::warn!(%problem, "a connection could not be taken");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

fn connection(
    stream: TcpStream,
    app: Option<App>,
    router: Router,
    from: ConnectInfo<std::net::SocketAddr>,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send + 'static {
    // Small answers leave at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        // A crowd wants the public pages, which are there already; all else goes through the layers of the router.
        let ready = app.as_ref();
        if let Some(ready) = ready.and_then(|app| forewarn_server::at_once(app, &request)) {
            return Either::Left(std::future::ready(Ok(ready)));
        }
        let (router, mut request) = (router.clone(), request.map(Body::new));
        request.extensions_mut().insert(from);
        Either::Right(router.oneshot(request))
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .serve_connection(TokioIo::new(stream), service)
}
