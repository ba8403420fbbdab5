alter table governance.access_applied delete where user_name = {user_name:String}
