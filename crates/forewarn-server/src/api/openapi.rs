//! The API's description (OpenAPI 3.1), generated from the handlers, and what the readable page shows of it.

use serde_json::{Value, json};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

/// The whole description as JSON, with what cannot be read off the handlers.
pub(super) fn finish(mut description: OpenApi) -> String {
    description.info.title = "Forewarn".into();
    description.info.version = env!("CARGO_PKG_VERSION").into();
    description.info.description = Some(
        "Everything that Forewarn can do. Errors are problem details (RFC 9457) with `errors: [{field, problem}]`; a 409 for what a state does not allow has \
         `from` and `to`. Parameters that a call does not take are refused. \
         Every POST takes an `Idempotency-Key`: repeating it repeats the answer and nothing else."
            .into(),
    );
    description.servers = Some(vec![utoipa::openapi::Server::new("/api/v1")]);
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    description
        .components
        .get_or_insert_default()
        .add_security_scheme("bearer", bearer);
    description.security = Some(vec![utoipa::openapi::security::SecurityRequirement::new(
        "bearer",
        Vec::<String>::new(),
    )]);
    let mut document = serde_json::to_value(&description).unwrap_or_default();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, methods) in paths {
        let methods = methods.as_object_mut().into_iter().flatten();
        methods.for_each(|(method, operation)| with_what_all_have(method, operation));
    }
    document.to_string()
}

/// What holds of every operation, so that no handler has to say it.
fn with_what_all_have(method: &str, operation: &mut Value) {
    if method == "post" {
        let key = json!({"name": "Idempotency-Key", "in": "header", "required": false, "schema": {"type": "string"},
            "description": "repeating a request with its key repeats the answer and nothing else"});
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(key),
            None => operation["parameters"] = json!([key]),
        }
    }
    // What an impossible transition says in members of its own (RFC 9457 3.2).
    if !operation["responses"]["409"].is_null() {
        operation["responses"]["409"]["content"] = json!({"application/problem+json": {"schema": {
            "type": "object",
            "properties": {
                "detail": {"type": "string"},
                "from": {"type": "string", "description": "the state it is in; where its state does not allow it"},
                "to": {"type": "string", "description": "the state to which this leads, or in which it can be done"},
            },
        }}});
    }
    let answers = [
        ("401", "No token, or none that is known"),
        (
            "503",
            "The database does not answer just now; nothing was changed; come again after Retry-After seconds",
        ),
    ];
    for (status, meaning) in answers {
        if operation["responses"][status].is_null() {
            operation["responses"][status] = json!({"description": meaning});
        }
    }
}

/// The description as it is served.
pub fn document() -> String {
    finish(super::routes().split_for_parts().1)
}

/// One call of the API, for the readable page.
#[derive(Clone, Debug)]
pub struct Operation {
    /// `GET`, `POST`, ...
    pub method: String,
    /// `/api/v1/...`
    pub path: String,
    /// What it does, in a sentence.
    pub summary: String,
    /// Answers: status and meaning.
    pub answers: Vec<(String, String)>,
}

/// Every call, in the order of the paths.
pub fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(&document()).unwrap_or_default();
    let paths = document["paths"].as_object().cloned().unwrap_or_default();
    let mut all = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().cloned().unwrap_or_default() {
            let answers = operation["responses"]
                .as_object()
                .cloned()
                .unwrap_or_default();
            all.push(Operation {
                method: method.to_uppercase(),
                path: format!("/api/v1{path}"),
                summary: operation["summary"].as_str().unwrap_or_default().to_owned(),
                answers: answers
                    .into_iter()
                    .map(|(status, a)| {
                        (
                            status,
                            a["description"].as_str().unwrap_or_default().to_owned(),
                        )
                    })
                    .collect(),
            });
        }
    }
    all
}
