"""instyle.ai: tokens from Cognito, and images in three roles."""
