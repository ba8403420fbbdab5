kill query where user = {user_name:String} async
