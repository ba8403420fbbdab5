"""The audit: who did and read what, in a chain that shows when somebody changes it. What is audited is said by who acts."""
