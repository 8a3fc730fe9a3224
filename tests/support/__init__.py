"""What tests share: engines, waiting for eventual truths, small builders."""
