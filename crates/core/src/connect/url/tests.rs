//! Tables of URLs, and that no secret ever comes out of one.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::*;

fn server(url: &str) -> Endpoint {
    match Target::parse(url) {
        Ok(Target::Server(endpoint)) => endpoint,
        other => panic!("{url}: {other:?}"),
    }
}

fn secrets(login: &Login) -> (Option<&str>, Option<&str>, u32) {
    (login.user.as_deref(), login.password.as_ref().map(Secret::expose), login.database)
}

fn wrong(url: &str) -> String {
    match Target::parse(url) {
        Err(error) => error.to_string(),
        Ok(target) => panic!("{url} was taken for {target:?}"),
    }
}

#[test]
fn urls_of_one_server_are_read() {
    let table = [
        ("redis://localhost", "localhost:6379", (None, None, 0)),
        ("redis://localhost/", "localhost:6379", (None, None, 0)),
        ("REDIS://LocalHost:7000/3", "localhost:7000", (None, None, 3)),
        ("redis://:pw@10.0.0.1", "10.0.0.1:6379", (None, Some("pw"), 0)),
        ("redis://ada:pw@10.0.0.1", "10.0.0.1:6379", (Some("ada"), Some("pw"), 0)),
        ("redis://ada@10.0.0.1", "10.0.0.1:6379", (Some("ada"), None, 0)),
        ("redis://@10.0.0.1", "10.0.0.1:6379", (None, None, 0)),
        ("redis://ada:p:w@10.0.0.1", "10.0.0.1:6379", (Some("ada"), Some("p:w"), 0)),
        ("redis://a%40b:%2F%3f%25+%C3%A9@h", "h:6379", (Some("a@b"), Some("/?%+é"), 0)),
        ("redis://[::1]/2", "[::1]:6379", (None, None, 2)),
        ("redis://[fe80::1]:7000", "[fe80::1]:7000", (None, None, 0)),
        ("redis://b%C3%BCcher", "xn--bcher-kva:6379", (None, None, 0)),
        ("redis://my_redis?", "my_redis:6379", (None, None, 0)),
        ("unix:///run/redis.sock", "/run/redis.sock", (None, None, 0)),
        ("unix:///a%20b?db=4&user=ada&password=p%26w", "/a b", (Some("ada"), Some("p&w"), 4)),
        ("unix:///a%40b?password=p%40w=", "/a@b", (None, Some("p@w="), 0)),
    ];
    for (url, address, login) in table {
        let endpoint = server(url);
        assert_eq!(endpoint.address.to_string(), address, "{url}");
        assert_eq!(secrets(&endpoint.access.login), login, "{url}");
        assert_eq!(endpoint.access.connect_within, Duration::from_secs(5), "{url}");
        assert!(endpoint.access.tls.is_none(), "{url}");
    }
}

#[test]
fn an_ipv6_host_is_kept_without_brackets() {
    assert_eq!(server("redis://[0:0::1]").address, Address::tcp("::1", 6379));
}

#[test]
fn parameters_are_read() {
    let endpoint = server("redis://h?client_name=bill%65r&protocol=resp2&connect_timeout_ms=250");
    assert_eq!(endpoint.access.login.client_name.as_deref(), Some("biller"));
    assert_eq!(endpoint.access.login.protocol, Protocol::Resp2);
    assert_eq!(endpoint.access.connect_within, Duration::from_millis(250));
    assert_eq!(server("redis://h?protocol=resp3").access.login.protocol, Protocol::Resp3);
    assert_eq!(server("redis://h").access.login.protocol, Protocol::Newest);
}

#[test]
fn sentinels_and_servers_have_logins_of_their_own() {
    let url = "redis+sentinel://ada:pw@a,b:7000,[::1]/my%2Fmaster/2?sentinel_user=bob&sentinel_password=s&client_name=n";
    let Target::Sentinel { sentinels, service, servers } = Target::parse(url).unwrap() else { panic!() };
    let addresses: Vec<_> = sentinels.iter().map(|sentinel| sentinel.address.to_string()).collect();
    assert_eq!(addresses, ["a:26379", "b:7000", "[::1]:26379"]);
    assert_eq!(&*service, "my/master");
    assert_eq!(secrets(&servers.login), (Some("ada"), Some("pw"), 2));
    for sentinel in &sentinels {
        assert_eq!(secrets(&sentinel.access.login), (Some("bob"), Some("s"), 0));
        assert_eq!(sentinel.access.login.client_name.as_deref(), Some("n"));
    }
    let Target::Sentinel { sentinels, servers, .. } = Target::parse("redis+sentinel://:pw@a/m").unwrap()
    else {
        panic!()
    };
    assert_eq!(secrets(&servers.login), (None, Some("pw"), 0));
    assert_eq!(secrets(&sentinels[0].access.login), (None, None, 0));
}

#[test]
fn a_cluster_is_many_seeds_with_one_login() {
    let Target::Cluster { seeds, servers } = Target::parse("redis+cluster://ada:p,w@a,b:7000/0").unwrap()
    else {
        panic!()
    };
    let addresses: Vec<_> = seeds.iter().map(|seed| seed.address.to_string()).collect();
    assert_eq!(addresses, ["a:6379", "b:7000"]);
    assert_eq!(secrets(&servers.login), (Some("ada"), Some("p,w"), 0));
    assert_eq!(secrets(&seeds[1].access.login), secrets(&servers.login));
    assert_eq!(servers.at(Address::tcp("c", 1)).address.to_string(), "c:1");
}

#[test]
fn wrong_urls_say_what_is_wrong_and_where() {
    let table = [
        ("", "malformed URL (not shown): it begins with no scheme"),
        ("localhost:6379", "malformed URL (not shown): it begins"),
        ("://h", "malformed URL (not shown): it begins"),
        ("ada:pw@redis://h", "malformed URL (not shown): it begins"),
        ("http://h", "unknown scheme http: use redis,"),
        ("embedded://n/0", "a name alone"),
        ("redis+unix:///a", "unknown scheme redis+unix"),
        ("redis://", "malformed URL redis://..: after the scheme come hosts"),
        ("redis:///0", "malformed URL redis://..: after"),
        ("redis://:6379", "malformed URL redis://..: after"),
        ("redis://h:", "malformed URL redis://..: after"),
        ("redis://h:0", "malformed URL redis://..: after"),
        ("redis://h:65536", "malformed URL redis://..: after"),
        ("redis://h:+1", "malformed URL redis://..: after"),
        ("redis://ada:pw", "malformed URL redis://..: after"),
        ("redis://::1", "malformed URL redis://..: after"),
        ("redis://[::1", "malformed URL redis://..: after"),
        ("redis://[::1]7", "malformed URL redis://..: after"),
        ("redis://a\"b", "malformed URL redis://..: after"),
        ("redis://a b", "malformed URL redis://..: in user"),
        ("redis://h\n", "malformed URL redis://..: in user"),
        ("redis://:p#w@h", "malformed URL redis://..: in user"),
        ("redis://:p@w@h", "malformed URL redis://..: in user"),
        ("redis://:1/w@h", "malformed URL redis://..: in user"),
        ("redis://:1?w@h", "malformed URL redis://..: in user"),
        ("redis://:100%@h/1", "malformed URL redis://h:6379/1: in user"),
        ("redis://:%zz@h", "malformed URL redis://h:6379: in user"),
        ("redis://:%é@h", "malformed URL redis://h:6379: in user"),
        ("redis://:%ff@h", "malformed URL redis://h:6379: what is percent-encoded in it is not UTF-8"),
        ("redis://h/x", "malformed URL redis://h:6379: the database is a number from 0"),
        ("redis://h/-1", "malformed URL redis://h:6379: the database"),
        ("redis://h/0/1", "malformed URL redis://h:6379: the database"),
        ("redis://h/2147483648", "malformed URL redis://h:6379: the database"),
        ("redis://a,b/1", "malformed URL redis://a:6379,b:6379/1: it names one host"),
        (
            "redis://h?db=1",
            "it has an unknown parameter; known here: client_name, protocol, connect_timeout_ms",
        ),
        ("redis://h?ca=/x", "known here: client_name, protocol, connect_timeout_ms"),
        ("rediss://h?x=1", "known here: client_name, protocol, connect_timeout_ms, ca, cert, key"),
        ("redis://h?protocol", "malformed URL redis://h:6379: protocol has no value"),
        ("redis://h?protocol=", "protocol has no value"),
        ("redis://h?protocol=resp2&protocol=resp3", "protocol is given twice"),
        ("redis://h?protocol=3", "protocol must be resp2 or resp3"),
        ("redis://h?client_name=a%20b", "client_name must be"),
        ("redis://h?connect_timeout_ms=0", "connect_timeout_ms must be from 1 to 60000"),
        ("redis://h?connect_timeout_ms=60001", "connect_timeout_ms must be"),
        ("redis://h?connect_timeout_ms=1s", "connect_timeout_ms must be"),
        ("unix://", "malformed URL unix://: it has no path"),
        ("unix:///", "malformed URL unix:///: it has no path"),
        ("unix://run/redis.sock", "malformed URL unix://..: three slashes"),
        ("unix://ada:pw@/run/redis.sock", "malformed URL unix://..: "),
        ("unix:///ada:pw@/run/redis.sock", "malformed URL unix://..: in user"),
        ("unix:///a?password=p@w", "malformed URL unix://..: in user"),
        ("unix:///a%00b", "malformed URL unix:///a%00b: its path is too long"),
        ("unix:///a?db=x", "malformed URL unix:///a: the database"),
        (
            "unix:///a?sentinel_user=x",
            "known here: client_name, protocol, connect_timeout_ms, user, password, db",
        ),
        ("redis+sentinel://a", "malformed URL redis+sentinel://a:26379: the service's name is missing"),
        ("redis+sentinel://a/", "the service's name is missing"),
        ("redis+sentinel://a//1", "the service's name is missing"),
        ("redis+sentinel://a/m/1/2", "malformed URL redis+sentinel://a:26379: the database"),
        ("redis+sentinel://a,,b/m", "malformed URL redis+sentinel://..: after"),
        ("redis+cluster://a,b,", "malformed URL redis+cluster://..: after"),
        (
            "redis+cluster://a,b/1",
            "malformed URL redis+cluster://a:6379,b:6379/1: a cluster has only database 0",
        ),
        ("redis+cluster://u:p@a,u:p@b", "malformed URL redis+cluster://..: in user"),
    ];
    for (url, expected) in table {
        let told = wrong(url);
        assert!(told.contains(expected), "{url:?}: {told}");
    }
}

#[test]
fn urls_have_a_limit() {
    assert!(wrong(&format!("redis://{}", "h".repeat(17_000))).contains("longer than 16 KiB"));
    assert!(wrong(&format!("redis+cluster://{}", ["h"; 129].join(","))).contains("more than 128 hosts"));
    let long = "a".repeat(200);
    assert!(wrong(&format!("unix:///{long}")).contains("too long for a socket"));
    assert!(wrong(&format!("redis://h?client_name={long}{long}")).contains("client_name must be"));
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_without_the_feature_names_the_feature() {
    for scheme in ["rediss", "rediss+sentinel", "rediss+cluster"] {
        let told = wrong(&format!("{scheme}://:pw@h/{}", if scheme.ends_with("el") { "m" } else { "" }));
        assert_eq!(told, format!("{scheme} needs the feature `tls` of redfleet-core"));
    }
}

/// Odd characters with the marker between them, so that a leak of any piece is seen. `Zq` and `Xj` are not
/// in any text of ours.
fn odd(random: &mut fastrand::Rng) -> String {
    let odd = [
        ':', '/', '?', '#', '[', ']', '@', '!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '=', '%', ' ',
        '\\', '"', '<', '>', '^', '`', '{', '|', '}', '~', '\n', '\0', '\u{7f}', 'é', '漢', '🔑', '1', '.',
        '-',
    ];
    let mut text = String::new();
    for _ in 0..random.usize(1..6) {
        if random.bool() {
            text.push(odd[random.usize(..odd.len())]);
        }
        text.push_str("ZqXj");
        text.push(odd[random.usize(..odd.len())]);
    }
    text
}

#[test]
fn what_is_percent_encoded_comes_back_and_is_never_shown() {
    for seed in 0..2_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (user, password) = (odd(&mut random), odd(&mut random));
        let [u, p] = [&user, &password].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string());
        let urls = [
            format!("redis://{u}:{p}@h/1"),
            format!("redis+cluster://{u}:{p}@h,i"),
            format!("redis+sentinel://{u}:{p}@h,i/m/1?sentinel_user={u}&sentinel_password={p}"),
            format!("unix:///h?user={u}&password={p}&db=1"),
        ];
        for url in &urls {
            let target = Target::parse(url).unwrap();
            let endpoints = match &target {
                Target::Server(endpoint) => vec![endpoint.clone()],
                Target::Sentinel { sentinels, servers, .. } => {
                    let named = servers.at(Address::tcp("j", 1));
                    sentinels.iter().cloned().chain([named]).collect()
                }
                Target::Cluster { seeds, .. } => seeds.clone(),
                Target::Embedded { .. } => unreachable!("none of the URLs above"),
            };
            for endpoint in &endpoints {
                let (read_user, read_password, _) = secrets(&endpoint.access.login);
                let expected = (Some(user.as_str()), Some(password.as_str()));
                assert_eq!((read_user, read_password), expected, "seed {seed}");
            }
            is_silent(seed, &format!("{target:?} {target:#?} {}", endpoints[0].address));
        }
        for url in urls {
            is_silent(seed, &told(&url.replace("h", "h:x")));
            is_silent(seed, &told(&format!("{url}?{u}={p}")));
            is_silent(seed, &told(&url.replacen(':', "", 1)));
        }
    }
}

#[test]
fn what_was_not_percent_encoded_is_never_shown_either() {
    for seed in 0..20_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (u, p) = (odd(&mut random), odd(&mut random));
        for url in [
            format!("redis://{u}:{p}@h/1"),
            format!("redis://:{p}@h/1?client_name=x"),
            format!("redis://:{p}@h/x"),
            format!("rediss://{u}:{p}@h?ca=/none"),
            // With an @ in it, what follows is a host, as far as anybody can tell.
            format!("redis://ada:{}", p.replace('@', "")),
            format!("redis://h?password={p}"),
            format!("redis://h?client_name={p}&protocol=x"),
            format!("redis+cluster://{u}:{p}@h,{u}:{p}@i"),
            format!("redis+sentinel://{u}:{p}@h,i/m?sentinel_password={p}"),
            format!("unix:///h?user={u}&password={p}"),
            format!("unix://{u}:{p}@/h"),
            format!("{u}:{p}@h:6379"),
            format!("{u}:{p}@redis://h:6379"),
        ] {
            is_silent(seed, &told(&url));
        }
    }
}

fn told(url: &str) -> String {
    match Target::parse(url) {
        Ok(target) => format!("{target:?}"),
        Err(error) => format!("{error} {error:?}"),
    }
}

#[track_caller]
fn is_silent(seed: u64, text: &str) {
    let text = text.to_lowercase();
    assert!(!text.contains("zq") && !text.contains("xj"), "seed {seed}: {text}");
}
