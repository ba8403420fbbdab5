"""The embedded stack: which processes make it up, how they are started, watched and stopped. No data logic belongs here."""
