//! A bucket of an object store that speaks S3: objects are put, read and deleted by signed requests (AWS Signature Version 4).
//!
//! Addresses are path-style, `https://endpoint/bucket/key`: every such store understands them, also one on an own machine without a
//! name for each bucket.

use super::File;
use crate::channel::guard::Guard;
use crate::channel::http::{Answer, HttpClient, NoAnswer, Wire, one_line};
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use http::{Method, StatusCode};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::{digest, hmac};
use std::fmt;
use url::Url;

/// A list of files is the longest that is read.
const MOST_READ: usize = 8 * 1024 * 1024;

/// What stays as it is in the path of a signed request: unreserved characters (RFC 3986) and the slash.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Who signs.
#[derive(Clone)]
pub struct Credentials {
    /// The access key's id.
    pub key: String,
    /// Its secret.
    pub secret: String,
    /// What goes with credentials that are lent for a time.
    pub session: Option<String>,
}

/// A bucket, and the part of it that is ours.
#[derive(Clone)]
pub struct Bucket {
    client: HttpClient,
    /// Without a slash at its end.
    endpoint: String,
    host: String,
    name: String,
    /// Empty, or with a slash at its end.
    prefix: String,
    region: String,
    credentials: Credentials,
}

impl Bucket {
    /// The bucket that `s3://name/prefix` names, at an endpoint such as `https://s3.eu-central-1.amazonaws.com`.
    ///
    /// # Errors
    /// Says what is wrong with the address of the bucket or of the endpoint.
    pub fn at(
        address: &str,
        endpoint: &str,
        region: &str,
        credentials: Credentials,
    ) -> Result<Bucket, String> {
        let wanted = "must be s3://bucket or s3://bucket/prefix";
        let rest = address.strip_prefix("s3://").ok_or(wanted)?;
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let plain =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
        if !(3..=63).contains(&name.len()) || !name.bytes().all(plain) {
            return Err(format!("{wanted}; '{name}' is no name of a bucket"));
        }
        let prefix = prefix.trim_matches('/');
        if prefix.split('/').any(|part| part == "." || part == "..") {
            return Err(format!("{wanted}; a prefix has no part that is only dots"));
        }
        let url = Url::parse(endpoint).map_err(|problem| format!("'{endpoint}': {problem}"))?;
        let host = url.host_str().unwrap_or_default();
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !matches!(url.scheme(), "https" | "http") || host.is_empty() || !bare {
            return Err(format!(
                "'{endpoint}' is not an address such as https://s3.example.org"
            ));
        }
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Bucket {
            // The operator chose the address, so it may be in a private network.
            client: HttpClient::new(Guard::of_the_operator(), Wire::default()),
            endpoint: url.as_str().trim_end_matches('/').to_owned(),
            host,
            name: name.to_owned(),
            prefix: match prefix.is_empty() {
                true => String::new(),
                false => format!("{prefix}/"),
            },
            region: region.to_owned(),
            credentials,
        })
    }

    pub(super) async fn put(&self, file: &File, now: Timestamp) -> Result<(), String> {
        let said = [
            (CONTENT_TYPE, file.content_type),
            (CACHE_CONTROL, file.cache_control),
        ];
        let answer = self
            .ask(Method::PUT, &file.name, &said, file.body.clone(), now)
            .await?;
        self.done(&answer)
    }

    pub(super) async fn remove(&self, name: &str, now: Timestamp) -> Result<(), String> {
        let answer = self.ask(Method::DELETE, name, &[], Vec::new(), now).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(()),
            _ => self.done(&answer),
        }
    }

    /// What is there under this name. A store that may not say what it holds answers 403 for what is not there.
    pub(super) async fn get(&self, name: &str, now: Timestamp) -> Result<Option<Vec<u8>>, String> {
        let answer = self.ask(Method::GET, name, &[], Vec::new(), now).await?;
        match answer.status {
            StatusCode::OK => Ok(Some(answer.body)),
            StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => Ok(None),
            _ => Err(self.refused(&answer)),
        }
    }

    fn done(&self, answer: &Answer) -> Result<(), String> {
        match answer.status.is_success() {
            true => Ok(()),
            false => Err(self.refused(answer)),
        }
    }

    /// What the store said, with the code and the message out of its XML.
    fn refused(&self, answer: &Answer) -> String {
        let body = String::from_utf8_lossy(&answer.body);
        let part = |name: &str| {
            let (_, rest) = body.split_once(&format!("<{name}>"))?;
            let (text, _) = rest.split_once(&format!("</{name}>"))?;
            Some(one_line(text, 200))
        };
        let status = answer.status_text();
        match (part("Code"), part("Message")) {
            (Some(code), Some(message)) => format!("{}: {status}: {code}: {message}", self.host),
            _ => format!("{}: {}", self.host, answer.refusal()),
        }
    }

    async fn ask(
        &self,
        method: Method,
        name: &str,
        said: &[(HeaderName, &str)],
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<Answer, String> {
        let key = format!("/{}/{}{name}", self.name, self.prefix);
        let path = utf8_percent_encode(&key, PATH).to_string();
        let content = hex(digest::digest(&digest::SHA256, &body).as_ref());
        let date = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut fields = vec![
            ("host".to_owned(), self.host.clone()),
            ("x-amz-content-sha256".to_owned(), content.clone()),
            ("x-amz-date".to_owned(), date),
        ];
        let session = self.credentials.session.iter();
        fields.extend(session.map(|token| ("x-amz-security-token".to_owned(), token.clone())));
        fields.extend(
            said.iter()
                .map(|(name, value)| (name.as_str().to_owned(), (*value).to_owned())),
        );
        let request = ToSign {
            method: method.as_str(),
            path: &path,
            query: "",
            fields: &fields,
            content: &content,
        };
        let signature = request.authorization(&self.credentials, &self.region, now);
        let mut headers = HeaderMap::new();
        // The client says the host itself.
        let fields = fields.iter().filter(|(name, _)| name != "host");
        let signature = [("authorization".to_owned(), signature)];
        for (name, value) in fields.chain(&signature) {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| e.to_string())?;
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| format!("the header '{name}' holds what no header may hold"))?;
            value.set_sensitive(name == AUTHORIZATION);
            headers.insert(name, value);
        }
        let url = format!("{}{path}", self.endpoint);
        let answer = self.client.request(method, &url, headers, body, MOST_READ);
        answer.await.map_err(|problem| match problem {
            NoAnswer::Refused(refused) => refused.to_string(),
            NoAnswer::Withheld => "nothing was sent".to_owned(),
            NoAnswer::Broken { reason, .. } => format!("{}: {reason}", self.host),
        })
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{} at {}", self.name, self.prefix, self.endpoint)
    }
}

impl fmt::Debug for Bucket {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket({self})")
    }
}

/// A request as its signature sees it.
struct ToSign<'a> {
    method: &'a str,
    /// Percent-encoded.
    path: &'a str,
    /// In canonical form.
    query: &'a str,
    /// The fields that are signed, their names in small letters.
    fields: &'a [(String, String)],
    /// The hash of the body, in hexadecimal digits.
    content: &'a str,
}

impl ToSign<'_> {
    /// The value of `Authorization` (AWS Signature Version 4 for S3, a payload in a single chunk).
    fn authorization(&self, who: &Credentials, region: &str, now: Timestamp) -> String {
        let mut fields: Vec<_> = self.fields.iter().collect();
        fields.sort();
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let lines: String = fields
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", value.trim()))
            .collect();
        let canonical = format!(
            "{}\n{}\n{}\n{lines}\n{names}\n{}",
            self.method, self.path, self.query, self.content
        );
        let day = now.strftime("%Y%m%d").to_string();
        let scope = format!("{day}/{region}/s3/aws4_request");
        let hashed = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
        let text = format!(
            "AWS4-HMAC-SHA256\n{}\n{scope}\n{hashed}",
            now.strftime("%Y%m%dT%H%M%SZ")
        );
        let mut key = format!("AWS4{}", who.secret).into_bytes();
        for part in [day.as_str(), region, "s3", "aws4_request"] {
            key = mac(&key, part);
        }
        let signature = hex(&mac(&key, &text));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={signature}",
            who.key
        )
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples in the provider's documentation ("Signature Calculations for the Authorization Header: Transferring Payload in a
    /// Single Chunk"): keys, requests and signatures are from there.
    #[test]
    fn requests_are_signed_as_the_published_examples_are() {
        let who = Credentials {
            key: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            session: None,
        };
        let now: Timestamp = "2013-05-24T00:00:00Z".parse().unwrap();
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let welcome = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
        assert_eq!(
            hex(digest::digest(&digest::SHA256, b"Welcome to Amazon S3.").as_ref()),
            welcome
        );
        let range = [("range", "bytes=0-9")].as_slice();
        let none: &[(&str, &str)] = &[];
        let dated = [
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ];
        for (method, path, query, more, content, signature) in [
            (
                "GET",
                "/test.txt",
                "",
                range,
                nothing,
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                "PUT",
                "/test$file.text",
                "",
                dated.as_slice(),
                welcome,
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
            (
                "GET",
                "/",
                "lifecycle=",
                none,
                nothing,
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
            (
                "GET",
                "/",
                "max-keys=2&prefix=J",
                none,
                nothing,
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ] {
            let usual = [
                ("host", "examplebucket.s3.amazonaws.com"),
                ("x-amz-content-sha256", content),
                ("x-amz-date", "20130524T000000Z"),
            ];
            let fields: Vec<(String, String)> = usual
                .iter()
                .chain(more)
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            let path = utf8_percent_encode(path, PATH).to_string();
            let request = ToSign {
                method,
                path: &path,
                query,
                fields: &fields,
                content,
            };
            let said = request.authorization(&who, "us-east-1", now);
            assert!(said.ends_with(&format!("Signature={signature}")), "{said}");
            let begins = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=";
            assert!(said.starts_with(begins), "{said}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused_with_the_reason() {
        let who = || Credentials {
            key: "k".into(),
            secret: "hunter2".into(),
            session: None,
        };
        let at = |address, endpoint| Bucket::at(address, endpoint, "us-east-1", who());
        let good = at("s3://status-pages/campus/", "http://127.0.0.1:9000/").unwrap();
        assert_eq!(
            good.to_string(),
            "s3://status-pages/campus/ at http://127.0.0.1:9000"
        );
        assert_eq!(good.host, "127.0.0.1:9000");
        assert!(!format!("{good:?}").contains("hunter2"));
        for (address, endpoint, said) in [
            ("s3://", "https://s3.example.org", "'' is no name"),
            (
                "s3://Bucket",
                "https://s3.example.org",
                "'Bucket' is no name",
            ),
            ("s3://bucket/a/../b", "https://s3.example.org", "only dots"),
            (
                "s3://bucket",
                "https://s3.example.org/path",
                "is not an address",
            ),
            ("s3://bucket", "ftp://s3.example.org", "is not an address"),
        ] {
            let refused = at(address, endpoint).err().unwrap();
            assert!(refused.contains(said), "{refused}");
        }
    }
}
