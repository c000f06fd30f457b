//! The examples of the workspace's README, executed, so that they cannot become wrong.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
