//! The runtimes that are compiled in, by name.

use core::fmt;
use core::str::FromStr;
use std::error::Error;

/// Names a runtime that is compiled in.
///
/// There is a constant for each Cargo feature that is on, and [`Kind::compiled`] lists them.
///
/// ```
/// use trunnion::Kind;
///
/// for kind in Kind::compiled() {
///     assert_eq!(kind.name().parse(), Ok(*kind));
/// }
/// let error = "glommio".parse::<Kind>().unwrap_err();
/// assert!(error.to_string().starts_with("there is no runtime \"glommio\" in this program"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind(pub(crate) Name);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    #[cfg(feature = "tokio")]
    Tokio,
    #[cfg(feature = "smol")]
    Smol,
    #[cfg(feature = "sim")]
    Sim,
}

impl Kind {
    /// The environment variable that [`Kind::from_env`] reads.
    pub const VARIABLE: &'static str = "TRUNNION_RUNTIME";

    /// Tokio's multi-thread runtime.
    #[cfg(feature = "tokio")]
    pub const TOKIO: Self = Self(Name::Tokio);

    /// An executor of smol's with a thread for each processor.
    #[cfg(feature = "smol")]
    pub const SMOL: Self = Self(Name::Smol);

    /// The simulator, in virtual time.
    #[cfg(feature = "sim")]
    pub const SIM: Self = Self(Name::Sim);

    /// Lists the runtimes that are compiled in; the first is the one that [`Kind::from_env`] prefers.
    #[must_use]
    pub const fn compiled() -> &'static [Self] {
        &[
            #[cfg(feature = "tokio")]
            Self::TOKIO,
            #[cfg(feature = "smol")]
            Self::SMOL,
            #[cfg(feature = "sim")]
            Self::SIM,
        ]
    }

    /// Picks the runtime that the environment variable `TRUNNION_RUNTIME` names (`tokio`, `smol` or `sim`), or, when it
    /// is not set or empty, the first that is compiled in.
    ///
    /// # Errors
    /// [`UnknownRuntime`] when the name is not that of a compiled runtime, or when none is compiled in.
    pub fn from_env() -> Result<Self, UnknownRuntime> {
        match std::env::var_os(Self::VARIABLE) {
            Some(name) if !name.is_empty() => name.to_string_lossy().parse(),
            _ => Self::compiled()
                .first()
                .copied()
                .ok_or(UnknownRuntime { name: None }),
        }
    }

    /// Tells the name: `tokio`, `smol` or `sim`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            #[cfg(feature = "tokio")]
            Name::Tokio => "tokio",
            #[cfg(feature = "smol")]
            Name::Smol => "smol",
            #[cfg(feature = "sim")]
            Name::Sim => "sim",
        }
    }
}

impl FromStr for Kind {
    type Err = UnknownRuntime;

    fn from_str(name: &str) -> Result<Self, UnknownRuntime> {
        let found = Self::compiled().iter().find(|kind| kind.name() == name);
        found.copied().ok_or_else(|| UnknownRuntime {
            name: Some(name.to_owned()),
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Says that a runtime is not compiled into this program, and which ones are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownRuntime {
    /// The name that was asked for; `None` when any runtime would have done.
    pub name: Option<String>,
}

impl fmt::Display for UnknownRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "there is no runtime {name:?} in this program")?,
            None => f.write_str("no runtime is chosen")?,
        }
        let names: Vec<_> = Kind::compiled().iter().map(|kind| kind.name()).collect();
        if names.is_empty() {
            return f.write_str("; none is compiled in: enable the feature `tokio`, `smol` or `sim` of the crate `trunnion`");
        }
        write!(f, "; compiled in: {}", names.join(", "))
    }
}

impl Error for UnknownRuntime {}

impl From<UnknownRuntime> for std::io::Error {
    fn from(error: UnknownRuntime) -> Self {
        Self::new(std::io::ErrorKind::NotFound, error)
    }
}
