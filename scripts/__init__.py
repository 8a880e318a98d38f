"""Development scripts: pictures of the documentation, mutation tests, audits, and the browser shared with the tests."""
