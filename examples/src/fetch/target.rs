//! What is fetched.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use hyper::Uri;
use hyper::http::uri::InvalidUri;

/// Names one page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// How it is shown.
    pub name: String,
    /// The host, without the brackets of IPv6.
    pub host: String,
    /// The port; 80 unless the URL says.
    pub port: u16,
    /// The host and port as they are sent.
    pub authority: String,
    /// The path and the query.
    pub path: String,
}

/// Says why a URL is not fetched; shown as one line that names it.
#[derive(Debug)]
pub struct UrlError {
    url: String,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Invalid(InvalidUri),
    NoScheme,
    Https,
    Scheme,
    NoHost,
    Login,
    Port,
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`UrlError`] for what is no URL, or no plain HTTP.
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        let refuse = |why| UrlError {
            url: url.to_owned(),
            why,
        };
        let uri: Uri = url.parse().map_err(|error| refuse(Why::Invalid(error)))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(refuse(Why::Https)),
            Some(_) => return Err(refuse(Why::Scheme)),
            None => return Err(refuse(Why::NoScheme)),
        }
        let authority = uri.authority().ok_or_else(|| refuse(Why::NoHost))?;
        if authority.as_str().contains('@') {
            return Err(refuse(Why::Login));
        }
        let host = authority.host().trim_matches(['[', ']']);
        if host.is_empty() {
            return Err(refuse(Why::NoHost));
        }
        let port = match (
            authority.port_u16(),
            authority.as_str().strip_prefix(authority.host()),
        ) {
            (Some(port), _) if port > 0 => port,
            (None, Some("")) => 80,
            _ => return Err(refuse(Why::Port)),
        };
        Ok(Self {
            name: url.to_owned(),
            host: host.to_owned(),
            port,
            authority: authority.to_string(),
            path: uri
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
        })
    }

    /// Names a page of the embedded server, which is shown without the port that the system chose.
    #[must_use]
    pub fn embedded(server: SocketAddr, number: usize) -> Self {
        let path = format!("/page/{number}");
        Self {
            name: path.clone(),
            host: server.ip().to_string(),
            port: server.port(),
            authority: server.to_string(),
            path,
        }
    }

    /// Gives the address, where the host is one.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.host.parse().ok()?;
        Some(SocketAddr::new(ip, self.port))
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: ", self.url)?;
        f.write_str(match &self.why {
            Why::Invalid(error) => return write!(f, "not a URL: {error}"),
            Why::NoScheme => "not a whole URL, expected http://HOST/PATH",
            Why::Https => "https is not supported, expected http://",
            Why::Scheme => "unknown scheme, expected http://",
            Why::NoHost => "there is no host",
            Why::Login => "a user name or password is not supported",
            Why::Port => "the port must be a number from 1 to 65535",
        })
    }
}

impl std::error::Error for UrlError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.why {
            Why::Invalid(error) => Some(error),
            _ => None,
        }
    }
}
