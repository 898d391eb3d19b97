//! The macro that turns an adapter into tests.

/// Makes a module of tests for one [`Adapter`](crate::Adapter); see the crate's documentation.
///
/// `has` and `lacks` together name every capability: `blocking`, `local`, `ends` (dropping the owner ends the runtime),
/// `shutdown`, `detection`, `erased`, `timer_off`, `virtual_time`. With `erased` the whole suite runs once more, in the
/// module `erased`, through [`AnyRuntime`](trunnion_core::AnyRuntime).
#[macro_export]
macro_rules! suite {
    (
        mod $name:ident for $adapter:ty;
        has: [$($has:ident),* $(,)?];
        lacks: { $($lacks:ident: $why:literal),* $(,)? }
    ) => {
        mod $name {
            use super::*;

            $crate::__capabilities!([$($has)*] [$($lacks)*]);
            $crate::__suite_for!($adapter; [$($has),*]; { $($lacks: $why),* });
            $crate::__erased!($adapter; [$($has),*]; [$($has),*]; { $($lacks: $why),* });
        }
    };
}

/// The tests of one adapter, direct or erased.
#[doc(hidden)]
#[macro_export]
macro_rules! __suite_for {
    ($adapter:ty; [$($has:ident),*]; { $($lacks:ident: $why:literal),* }) => {
        $crate::types_cases!(emit; $adapter);
        $crate::clock_cases!(emit; $adapter);
        $crate::timer_cases!(emit; $adapter);
        $crate::spawn_cases!(emit; $adapter);
        $crate::panic_cases!(emit; $adapter);
        $crate::entry_cases!(emit; $adapter);
        $crate::waker_cases!(emit; $adapter);
        $($crate::__has!($has $adapter);)*
        $($crate::__lacks!($lacks $adapter; $why);)*
        $crate::__has_both!($adapter; [$($has)*]);
    };
}

/// The cases that need both `blocking` and `shutdown`.
#[doc(hidden)]
#[macro_export]
macro_rules! __has_both {
    ($adapter:ty; [blocking $($rest:ident)*] $($found:ident)*) => {
        $crate::__has_both!($adapter; [$($rest)*] $($found)* blocking);
    };
    ($adapter:ty; [shutdown $($rest:ident)*] $($found:ident)*) => {
        $crate::__has_both!($adapter; [$($rest)*] $($found)* shutdown);
    };
    ($adapter:ty; [$other:ident $($rest:ident)*] $($found:ident)*) => {
        $crate::__has_both!($adapter; [$($rest)*] $($found)*);
    };
    ($adapter:ty; [] $one:ident $two:ident) => {
        $crate::blocking_shutdown_cases!(emit; $adapter);
    };
    ($adapter:ty; [] $($one:ident)?) => {
        $crate::blocking_shutdown_cases!(skip; $adapter; "it takes both `blocking` and `shutdown`");
    };
}

/// Fails to compile unless each capability is named once.
#[doc(hidden)]
#[macro_export]
macro_rules! __capabilities {
    ([$($has:ident)*] [$($lacks:ident)*]) => {
        const _: () = {
            struct Named { $($has: (),)* $($lacks: (),)* }
            let _all = |named: Named| {
                let Named {
                    blocking: (), local: (), ends: (), shutdown: (), detection: (), erased: (), timer_off: (), virtual_time: (),
                } = named;
            };
        };
    };
}

/// One group of cases for a capability that is there.
#[doc(hidden)]
#[macro_export]
macro_rules! __has {
    (blocking $adapter:ty) => { $crate::blocking_cases!(emit; $adapter); };
    (local $adapter:ty) => { $crate::local_cases!(emit; $adapter); };
    (ends $adapter:ty) => { $crate::ends_cases!(emit; $adapter); };
    (shutdown $adapter:ty) => { $crate::shutdown_cases!(emit; $adapter); };
    (detection $adapter:ty) => { $crate::detection_cases!(emit; $adapter); };
    (erased $adapter:ty) => { $crate::erased_cases!(emit; $adapter); };
    (timer_off $adapter:ty) => { $crate::timer_off_cases!(emit; $adapter); };
    (virtual_time $adapter:ty) => { $crate::virtual_cases!(emit; $adapter); };
}

/// The same cases, shown as ignored, and the check that the capability is really missing.
#[doc(hidden)]
#[macro_export]
macro_rules! __lacks {
    (blocking $adapter:ty; $why:literal) => {
        $crate::blocking_cases!(skip; $adapter; $why);
        #[test]
        fn lacks_blocking() {
            let there = $crate::__implements!(<$adapter as $crate::Adapter>::Runtime: $crate::trunnion_core::SpawnBlocking);
            assert!(!there, "the runtime implements SpawnBlocking: list `blocking` under `has`");
        }
    };
    (local $adapter:ty; $why:literal) => {
        $crate::local_cases!(skip; $adapter; $why);
        #[test]
        fn l08_the_local_side_is_absent() {
            let there = $crate::__implements!(<$adapter as $crate::Adapter>::Runtime: $crate::trunnion_core::SpawnLocal)
                || $crate::__implements!($adapter: $crate::LocalAdapter);
            assert!(!there, "the adapter implements SpawnLocal: list `local` under `has`");
        }
    };
    (ends $adapter:ty; $why:literal) => {
        $crate::ends_cases!(skip; $adapter; $why);
        #[test]
        fn lacks_ends() {
            $crate::watched("lacks_ends", $crate::cases::ends::is_missing::<$adapter>);
        }
    };
    (shutdown $adapter:ty; $why:literal) => {
        $crate::shutdown_cases!(skip; $adapter; $why);
        #[test]
        fn lacks_shutdown() {
            let there = $crate::__implements!(<$adapter as $crate::Adapter>::Owner: $crate::trunnion_core::ShutdownRuntime);
            assert!(!there, "the owner implements ShutdownRuntime: list `shutdown` under `has`");
        }
    };
    (detection $adapter:ty; $why:literal) => {
        $crate::detection_cases!(skip; $adapter; $why);
        #[test]
        fn lacks_detection() {
            $crate::watched("lacks_detection", $crate::cases::detection::is_missing::<$adapter>);
        }
    };
    (erased $adapter:ty; $why:literal) => {
        $crate::erased_cases!(skip; $adapter; $why);
        #[test]
        fn lacks_erased() {
            let there = $crate::__implements!(<$adapter as $crate::Adapter>::Runtime: $crate::trunnion_core::SpawnBlocking);
            assert!(!there, "AnyRuntime can hold the runtime: list `erased` under `has`");
        }
    };
    (timer_off $adapter:ty; $why:literal) => {
        $crate::timer_off_cases!(skip; $adapter; $why);
        #[test]
        fn lacks_timer_off() {
            let there = $crate::__implements!($adapter: $crate::TimerOff);
            assert!(!there, "the adapter implements TimerOff: list `timer_off` under `has`");
        }
    };
    (virtual_time $adapter:ty; $why:literal) => {
        $crate::virtual_cases!(skip; $adapter; $why);
        #[test]
        fn lacks_virtual_time() {
            let there = $crate::__implements!($adapter: $crate::VirtualAdapter);
            assert!(!there, "the adapter implements VirtualAdapter: list `virtual_time` under `has`");
            $crate::watched("lacks_virtual_time", $crate::cases::virtual_time::is_missing::<$adapter>);
        }
    };
}

/// Runs the suite once more through `AnyRuntime` if `erased` is among the capabilities.
#[doc(hidden)]
#[macro_export]
macro_rules! __erased {
    ($adapter:ty; [erased $(, $rest:ident)*]; [$($has:ident),*]; { $($lacks:ident: $why:literal),* }) => {
        mod erased {
            use super::*;

            $crate::__suite_for!($crate::Erased<$adapter>; [$($has),*]; { $($lacks: $why),* });
        }
    };
    ($adapter:ty; [$other:ident $(, $rest:ident)*]; [$($has:ident),*]; { $($lacks:ident: $why:literal),* }) => {
        $crate::__erased!($adapter; [$($rest),*]; [$($has),*]; { $($lacks: $why),* });
    };
    ($adapter:ty; []; [$($has:ident),*]; { $($lacks:ident: $why:literal),* }) => {};
}

/// Makes a test of each case, or shows it as ignored with the reason.
#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    (emit; $adapter:ty; $group:ident [$($case:ident),* $(,)?] alone [$($alone:ident),* $(,)?]) => {
        $(#[test]
        fn $case() {
            $crate::watched(stringify!($case), $crate::cases::$group::$case::<$adapter>);
        })*
        $(#[test]
        fn $alone() {
            $crate::alone(module_path!(), stringify!($alone), $crate::cases::$group::$alone::<$adapter>);
        })*
    };
    (skip; $adapter:ty; $why:literal; $group:ident [$($case:ident),* $(,)?] alone [$($alone:ident),* $(,)?]) => {
        $(#[test]
        #[ignore = $why]
        fn $case() {})*
        $(#[test]
        #[ignore = $why]
        fn $alone() {})*
    };
}

/// Tells whether a type has a trait, without needing that it has.
#[doc(hidden)]
#[macro_export]
macro_rules! __implements {
    ($type:ty: $bound:path) => {{
        use $crate::ask::*;
        struct Ask<T: ?Sized>(::core::marker::PhantomData<T>);
        impl<T: ?Sized + $bound> Implemented for Ask<T> {}
        impl<T: ?Sized> Otherwise for &Ask<T> {}
        let ask = &Ask::<$type>(::core::marker::PhantomData);
        // The first trait's method needs one reference less, so that it is taken where it exists.
        ask.is_there()
    }};
}
